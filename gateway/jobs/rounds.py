"""What is looked at again and again beside the queue: `@go_round(every=3600)` on a function of the time.

A round finds out for itself what is due, so that it may run at any time, twice, or in two processes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway import turns
from gateway.errors import SlidegateError

Round = Callable[[datetime], None]
POLL = 1.0  # seconds between two looks at what is due

_rounds: dict[Round, float] = {}


def go_round(*, every: float) -> Callable[[Round], Round]:
    """Register a function that is to run each so many seconds."""

    def register(function: Round) -> Round:
        _rounds[function] = every
        return function

    return register


def open_rooms(rooms: Sequence[str]) -> None:
    """Import these modules, which registers their rounds; before other threads import the same."""
    for room in rooms:
        import_module(room)


def all_once(*, now: datetime) -> None:
    """Run every round now."""
    for each in list(_rounds):
        _run(each, now)


def keep_on(stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Run every round when it is due until told to stop; a fault is logged, and the round runs again in its turn."""
    due = dict.fromkeys(_rounds, 0.0)
    while not stop.is_set():
        for each in due:
            if time.monotonic() >= due[each]:
                _run(each, clock())
                due[each] = time.monotonic() + _rounds[each]
        stop.wait(POLL)


def _run(each: Round, now: datetime) -> None:
    log = structlog.get_logger("gateway.jobs.rounds")
    try:
        with turns.at_most(turns.PATIENT):
            each(now)
    except SlidegateError as error:
        log.error("round-failed", round=each.__name__, code=error.code)
    except (SQLAlchemyError, OSError) as error:
        log.error("round-failed", round=each.__name__, code=type(error).__name__)
