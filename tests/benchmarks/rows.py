"""What a benchmark gives: one row, a value beside its peer's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured ratio. `ratio` is read together with `goal`, which says which way is good."""

    area: str
    name: str
    value: float
    unit: str
    peer: str
    ratio: float
    goal: str
    met: bool


def best_seconds(work: Callable[[], object], *, rounds: int = 5) -> float:
    """Shortest wall time of some rounds, in seconds: the one least disturbed by the machine."""
    shortest = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest
