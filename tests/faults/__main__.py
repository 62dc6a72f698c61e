"""`make faults`: the long versions of what the suite does briefly, as a table and as var/faults.json.

With names (kills, crashes, stores, tampering), only those. Each part is written down as soon as it is known.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.databases import programs
from tests.faults import crashes, kills, stores, tampering

KILLS, CRASHES, STORES, EVENTS, BENDS = 200, 20, 5, 100_000, 10


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was done how often, what came, and how much of it was missed."""

    name: str
    times: int
    seen: int
    missed: int
    goal: str
    met: bool


def _row(name: str, times: int, seen: int, missed: int) -> Row:
    return Row(name, times, seen, missed, "0 missed", seen > 0 and missed == 0)


def _mutant(name: str, times: int, seen: int, missed: int) -> Row:
    return Row(f"{name}, a gateway that sends first", times, seen, missed, "some missed", missed > 0)


def _kills() -> Iterator[Row]:
    for times, row, mutant in ((KILLS, _row, False), (5, _mutant, True)):
        found = kills.lost(times, mutant=mutant)
        yield row("frames, worker killed", times, found.frames, found.frames_missing)
        yield row("instances, worker killed", times, found.instances, found.instances_missing)


def _crashes() -> Iterator[Row]:
    if programs() is None:
        sys.stdout.write("no PostgreSQL on this machine: crashes are left out\n")
        return
    yield _row("frames, database crashed", CRASHES, *crashes.lost(CRASHES))
    yield _mutant("frames, database crashed", 2, *crashes.lost(2, mutant=True))


def _stores() -> Iterator[Row]:
    if reason := stores.why_not():
        sys.stdout.write(f"{reason}: stores are left out\n")
        return
    for kind in stores.FAULTS:
        found = stores.lost(kind, STORES)
        yield _row(f"frames, store {kind}", STORES, found.frames, found.frames_missing)
        yield _row(f"instances, store {kind}", STORES, found.instances, found.instances_missing)
        tenths = round(found.back_after * 10)
        goal = f"at most {stores.AT_MOST:.0f} s"
        yield Row(f"tenths of a second until images flow, store {kind}", STORES, tenths, 0, goal, found.good)


def _tampering() -> Iterator[Row]:
    for kind, count in tampering.found(EVENTS, BENDS, seed=1).items():
        yield _row(f"{EVENTS} events: {kind}", BENDS, count, BENDS - count)


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "kills": _kills,
    "crashes": _crashes,
    "stores": _stores,
    "tampering": _tampering,
}


def main() -> None:
    """Do the parts that are named, or all; exit 1 if a goal is not met."""
    rows: list[Row] = []
    target = Path("var/faults.json")
    target.parent.mkdir(exist_ok=True)
    for name, part in PARTS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        for row in part():
            rows.append(row)
            met = "yes" if row.met else "NO"
            sys.stdout.write(f"{row.name:60} {row.times:4} times {row.seen:9,} seen {row.missed:6,} missed  {met}\n")
            sys.stdout.flush()
            target.write_text(json.dumps([asdict(each) for each in rows], indent=1), "utf-8")
    sys.exit(0 if all(row.met for row in rows) else 1)


if __name__ == "__main__":
    main()
