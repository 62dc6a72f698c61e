"""Check any DICOMweb service, clause by clause: `python -m tests.conformance URL --token T`.

Exit 0 if nothing differs, 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table

from tests.conformance.checks import Outcome, Result, run
from tests.conformance.service import Service
from tests.conformance.table import DOCUMENT, document
from tests.conformance.transactions import TRANSACTIONS


def shown(results: list[Result]) -> Table:
    """The results as a table."""
    table = Table(title="DICOMweb, clause by clause of PS3.18")
    for heading in ("transaction", "clause", "check", "result", "why"):
        table.add_column(heading)
    for each in results:
        table.add_row(each.check.transaction, each.check.clause, each.check.says, each.outcome.value, each.why)
    return table


def main() -> int:
    """Ask, look, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("url", help="the root of the service, without /studies")
    parser.add_argument("--token", help="sent as Authorization: Bearer")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE", help="sent with each request")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name}, for this gateway only")
    told = parser.parse_args()
    headers = dict(each.split(":", 1) for each in told.header)
    if told.token:
        headers["Authorization"] = f"Bearer {told.token}"
    results = list(run(Service(told.url, {name: value.strip() for name, value in headers.items()}), TRANSACTIONS))
    Console(width=200 if not sys.stdout.isatty() else None).print(shown(results))
    if told.write:
        DOCUMENT.write_text(document(results), "utf-8")
    return int(any(each.outcome is Outcome.DIFFERS for each in results))


if __name__ == "__main__":
    sys.exit(main())
