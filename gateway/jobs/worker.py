"""The worker: claims items, has an executor do them, and writes down how each ended."""

from __future__ import annotations

import queue
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway import clock, turns
from gateway.db import new_id, transaction
from gateway.errors import SlidegateError
from gateway.jobs import queue as items
from gateway.jobs.handlers import handler_of, kinds_that_read
from gateway.jobs.lanes import Lane, Lanes

POLL = 1.0  # seconds to wait at most before looking for new work
HEARTBEAT = 10.0  # seconds between two signs of life
LAST_WAIT = 20.0  # seconds that running items get when the worker is stopped


@dataclass(frozen=True, slots=True)
class Failure:
    """How an item failed: a stable code, and a sentence without identifiers."""

    code: str
    reason: str


def execute(kind: str, payload: dict[str, Any], rooms: Sequence[str]) -> Failure | None:
    """Do one item, wherever this runs: `rooms` are the modules whose import registers the handlers.

    No exception leaves: what it says may identify someone, and Dask would write it to the log.
    """
    try:
        for room in rooms:
            import_module(room)
        with turns.at_most(turns.PATIENT):
            handler_of(kind)(payload)
    except SlidegateError as error:
        return Failure(error.code, error.message)
    except Exception as error:  # noqa: BLE001  # the outermost door of a work item: recorded and tried again
        return Failure(type(error).__name__, type(error).__name__)
    return None


class Worker:
    """One owner of work items. It waits on what finishes, and looks for new work at least each second."""

    def __init__(self, lanes: Lanes, *, rooms: Sequence[str] = ()) -> None:
        self.owner = new_id()
        self.done = 0
        self._lanes, self._rooms = lanes, tuple(rooms)
        self._running: dict[str, Lane] = {}
        self._finished: queue.SimpleQueue[tuple[str, Failure | None]] = queue.SimpleQueue()
        self._last_heartbeat = clock.now()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; then give back what is not finished in time.

        While the database is away, busy or read-only it tries again each second: an item whose end could not be
        written down is done once more when it is stale.
        """
        log = structlog.get_logger("gateway.jobs.worker")
        while not stop.is_set():
            try:
                self._fill()
                self._settle(POLL)
            except (SlidegateError, SQLAlchemyError) as error:
                log.error("worker-waits", code=getattr(error, "code", None) or type(error).__name__)
                stop.wait(POLL)
        self._put_down()

    def run_once(self) -> int:
        """Do all work that is due, then stop; gives the number of items tried."""
        while self._fill() or self._running:
            self._settle(POLL)
        return self.done

    def _fill(self) -> bool:
        """Claim and submit while there is room in a lane; whether anything was taken."""
        for room in self._rooms:
            import_module(room)  # which tells what needs a reader
        readers = kinds_that_read()
        usual = self._fill_lane(self._lanes.usual, never=readers)
        return self._fill_lane(self._lanes.reading, only=readers) or usual

    def _fill_lane(self, lane: Lane, **kinds: Collection[str]) -> bool:
        taken = False
        while sum(each is lane for each in self._running.values()) < lane.at_once:
            with transaction() as db:
                item = items.claim(db, owner=self.owner, now=clock.now(), **kinds)
            if item is None:
                break
            taken = True
            self._submit(lane, item.id, item.kind, item.payload)
        return taken

    def _submit(self, lane: Lane, item_id: str, kind: str, payload: dict[str, Any]) -> None:
        self._running[item_id] = lane
        future: Future[Failure | None] = lane.executor.submit(execute, kind, payload, self._rooms)
        future.add_done_callback(lambda ended: self._finished.put((item_id, _failure_of(ended))))

    def _settle(self, seconds: float) -> None:
        """Wait up to so many seconds for an item to end, and write down how it did."""
        try:
            item_id, failure = self._finished.get(timeout=seconds)
        except queue.Empty:
            item_id, failure = "", None
        now = clock.now()
        if item_id:
            self._running.pop(item_id, None)
            self.done += 1
            with transaction() as db:
                if failure is None:
                    items.finish(db, owner=self.owner, item_id=item_id, now=now)
                else:
                    items.fail(
                        db,
                        owner=self.owner,
                        item_id=item_id,
                        code=failure.code,
                        reason=failure.reason,
                        now=now,
                    )
        self._show_life(now)

    def _show_life(self, now: datetime) -> None:
        if self._running and (now - self._last_heartbeat).total_seconds() >= HEARTBEAT:
            with transaction() as db:
                items.renew(db, owner=self.owner, items=list(self._running), now=now)
            self._last_heartbeat = now

    def _put_down(self) -> None:
        deadline = clock.now()
        while self._running and (clock.now() - deadline).total_seconds() < LAST_WAIT:
            self._settle(POLL)
        for item_id in self._running:
            with transaction() as db:
                items.give_back(db, owner=self.owner, item_id=item_id, now=clock.now())


def _failure_of(future: Future[Failure | None]) -> Failure | None:
    error = None if future.cancelled() else future.exception()
    if error is not None or future.cancelled():
        return Failure("worker-lost", "the worker that did this was lost")
    return future.result()


def run_once(rooms: Sequence[str] = ()) -> int:
    """Do all work that is due, in a thread of this process and without a cluster; gives how many were tried."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return Worker(Lanes.through(executor, at_once=1), rooms=rooms).run_once()
