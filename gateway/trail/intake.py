"""The intake: an event with no other change beside it shares its transaction with those of other threads.

What costs is the wait for the disk at a commit, and it is the same for one event as for fifty. So one thread leads: it
waits for the writers' turn, commits all that has come by then, and lets the next one lead. `write` returns once the
event of its caller is durable, and raises where it is not: a failed commit fails everybody in it. Each process has its
own; processes take turns as all writers do.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import Engine

from gateway import turns
from gateway.db import engine, transaction
from gateway.trail.canonical import canonical
from gateway.trail.record import Telling, record_all

SHORTEST = 0.001  # seconds: no wait at all would be none without end to PostgreSQL


class Rebound(RuntimeError):
    """The process was pointed at another database: what was begun before does not belong in it."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """An event that is to be written, until it has a seq or has failed; `leads`: its thread has to write."""

    telling: Telling
    woken: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    outcome: int | Exception | None = None


class Intake:
    """The events of a process that wait for one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._led = False

    def write(self, telling: Telling) -> int:
        """See `write` of the module."""
        canonical(dict(telling.detail or {}))  # what cannot be written fails alone
        until = time.monotonic() + turns.longest()
        mine = _Waiting(telling)
        with self._lock:
            self._queue.append(mine)
            mine.leads, self._led = not self._led, True
        if not mine.leads:
            self._wait(mine, until)
        if mine.leads:
            self._lead(mine, until)
        if isinstance(mine.outcome, int):
            return mine.outcome
        raise mine.outcome or turns.DatabaseBusy

    def _wait(self, mine: _Waiting, until: float) -> None:
        """Return once it is written, or failed, or has to lead. Raises DatabaseBusy if nobody took it up in time."""
        if mine.woken.wait(max(0.0, until - time.monotonic())):
            return
        with self._lock:
            if mine in self._queue and not mine.leads:
                self._queue.remove(mine)
                raise turns.DatabaseBusy
        mine.woken.wait()  # it is in a transaction already: as that goes, so does it

    def _lead(self, mine: _Waiting, until: float) -> None:
        """Write all that waits when the turn comes."""
        taken: list[_Waiting] = []
        try:
            with turns.at_most(max(SHORTEST, until - time.monotonic())), transaction() as db:
                if db.get_bind() is not self.engine:
                    raise Rebound
                with self._lock:
                    taken, self._queue = self._queue, []
                seqs = record_all(db, [each.telling for each in taken])
            for each, seq in zip(taken, seqs, strict=True):
                each.outcome = seq
        except Exception as error:  # noqa: BLE001  # it is raised again, in every thread that waits for this commit
            for each in taken or [mine]:
                each.outcome = error
        finally:
            self._hand_over(mine, taken)

    def _hand_over(self, mine: _Waiting, taken: list[_Waiting]) -> None:
        with self._lock:
            if mine in self._queue:
                self._queue.remove(mine)
            heir = self._queue[0] if self._queue else None
            self._led = heir is not None
            if heir is not None:
                heir.leads = True
        if heir is not None:
            heir.woken.set()
        for each in taken:
            each.woken.set()


_known: Intake | None = None
_making = threading.Lock()


def write(telling: Telling) -> int:
    """Append an event of its own, durable when this returns; gives its seq. Never call it inside `transaction()`.

    Waits as long as `turns.at_most` says for its turn, then raises DatabaseBusy; else raises what `transaction` does,
    and NotCanonical. Events of one thread stand in the log in the order in which they were given.
    """
    return _of(engine()).write(telling)


def _of(bound: Engine) -> Intake:
    global _known
    known = _known
    if known is not None and known.engine is bound:
        return known
    with _making:
        if _known is None or _known.engine is not bound:
            _known = Intake(bound)
        return _known


def _after_fork() -> None:
    global _known, _making
    _known, _making = None, threading.Lock()  # the threads stayed with the parent


os.register_at_fork(after_in_child=_after_fork)
