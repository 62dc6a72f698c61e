"""`make bench`: every benchmark, as a table and as var/bench.json.

A row is a ratio against a peer or the raw limit, both measured in this run on this machine;
absolute times say little and prove nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import audit, bundle, dataplane, deid, growth, pixels, viewer
from tests.benchmarks.rows import Row

AREAS = (deid, pixels, dataplane, viewer, audit, bundle, growth)


def shown(rows: list[Row]) -> Table:
    table = Table(title="Slidegate, measured")
    for heading in ("area", "name", "value", "peer", "ratio", "goal", "met"):
        table.add_column(heading)
    for row in rows:
        value = f"{row.value:,.3g} {row.unit}"
        table.add_row(row.area, row.name, value, row.peer, f"{row.ratio:.3g}", row.goal, "yes" if row.met else "NO")
    return table


def main() -> None:
    console = Console(width=150)
    rows: list[Row] = []
    for area in AREAS:
        console.print(f"measuring {area.__name__.rsplit('.', 1)[-1]} ...")
        rows += area.measure()
    console.print(shown(rows))
    target = Path("var/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")


main()
