"""`make bench`: every benchmark, as a table and as var/bench.json.

A row is a ratio against a peer or the raw limit, both measured in this run on this machine;
absolute times say little and prove nothing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    access_cost,
    audit,
    building,
    bundle,
    dataplane,
    deid,
    growth,
    lists,
    pixels,
    postgresql,
    record_cost,
    viewer,
)
from tests.benchmarks.rows import Row

AREAS = (deid, pixels, dataplane, access_cost, postgresql, viewer, audit, record_cost, bundle, growth, lists, building)


def shown(rows: list[Row]) -> Table:
    table = Table(title="Slidegate, measured")
    for heading in ("area", "name", "value", "peer", "ratio", "goal", "met"):
        table.add_column(heading)
    for row in rows:
        value = f"{row.value:,.3g} {row.unit}"
        table.add_row(row.area, row.name, value, row.peer, f"{row.ratio:.3g}", row.goal, "yes" if row.met else "NO")
    return table


def main() -> None:
    """Measure the areas that are named, or all; what is found is shown at once, and kept in var/bench.json."""
    console = Console(width=150)
    rows: list[Row] = []
    for area in AREAS:
        name = area.__name__.rsplit(".", 1)[-1]
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        console.print(f"measuring {name} ...")
        found = area.measure()
        console.print(shown(found))
        rows += found
    target = Path("var/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")


if __name__ == "__main__":
    main()
