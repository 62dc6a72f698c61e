"""Leases: *no durable record, no bytes.*

`open_lease` has committed `release.read.opened` when it returns (`intake`): never call it inside `transaction()`.
A lease that is never closed counts as the whole instance.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from gateway import clock, turns
from gateway.db import engine
from gateway.settings import current
from gateway.trail import fitness, intake, reads
from gateway.trail.framebook import FrameBook, OpenRead
from gateway.trail.reads import How, Read
from gateway.trail.record import Actor
from gateway.trail.recovery import recover

log = logging.getLogger(__name__)

Outcome = Literal["complete", "aborted", "stopped"]
_book: FrameBook | None = None
_booking = threading.Lock()


class Lease(Protocol):
    """Leave to send bytes of one instance, on the record already."""

    @property
    def seq(self) -> int:
        """Place of the opening event in the log."""

    def frame(self, number: int) -> None:
        """Enter a frame (counted from 0) in the journal; call it before its bytes are sent.

        Raises LeaseOver, JournalStuck or JournalFull: then the bytes must not be sent.
        """

    def hold(self) -> None:
        """Keep it open until it is closed, however long its bytes take to leave. Raises LeaseOver."""

    def close(self, bytes_sent: int, outcome: Outcome) -> None:
        """Say how it ended; a second call does nothing."""


class WholeLease:
    """A lease of a whole instance or its metadata: closed by its one request, in a second event."""

    def __init__(self, seq: int, read: Read, now: Callable[[], datetime]) -> None:
        self.seq = seq
        self._read = read
        self._now = now
        self._closed = False

    def frame(self, number: int) -> None:
        """Nothing to enter: the lease is of the whole, and so of each frame."""

    def hold(self) -> None:
        """It is open until it is closed anyhow."""

    def close(self, bytes_sent: int, outcome: Outcome) -> None:
        """Record how many bytes were sent and how it ended."""
        if self._closed:
            return
        self._closed = True
        intake.write(reads.closed(lease=self.seq, read=self._read, outcome=outcome, sent=bytes_sent, now=self._now()))


class FrameLease:
    """A lease of single frames, shared by the requests of one reader for up to a minute."""

    __slots__ = ("_book", "_entry", "_held", "seq")

    def __init__(self, book: FrameBook, entry: OpenRead) -> None:
        self._book, self._entry, self._held = book, entry, 0
        self.seq = entry.lease

    def frame(self, number: int) -> None:
        """Enter a frame before it is sent; see `Lease.frame`."""
        self._book.enter(self._entry, number)

    def hold(self) -> None:
        """See `Lease.hold`."""
        self._book.hold(self._entry)
        self._held += 1

    def close(self, bytes_sent: int, outcome: Outcome) -> None:
        """Add to the bytes sent, and to how it ended. The lease stays open for other requests until it falls silent."""
        held, self._held = self._held, 0
        self._book.sent(self._entry, bytes_sent, outcome, held=held)


class EventLease(FrameLease):
    """The same where the policy wants each frame to be an event of its own: durable before the frame is sent."""

    __slots__ = ()

    def frame(self, number: int) -> None:
        """Record a frame before it is sent; see `Lease.frame`."""
        self._book.record(self._entry, number)


def open_lease(
    *,
    actor: Actor,
    project: str,
    release: str,
    instance: str,
    grant: str,
    how: How,
    now: datetime,
    session: str = "",
    site: str = "",
    each_frame: bool = False,
) -> Lease:
    """A lease on one released instance, durable before this returns.

    For `frames` and `rendered` one lease is shared by actor, session, grant and instance for up to 60 s; with
    `each_frame` every frame is an event of its own.
    Raises NotFit, RecordSlow, JournalStuck, and whatever kept the event from being written: then nothing may be sent.
    """
    fitness.require(now)
    read = Read(actor, project, release, str(instance), grant, how, session, site)
    try:
        with turns.at_most(fitness.SLOWEST):
            if how in ("frames", "rendered"):
                book = frame_book()
                return (EventLease if each_frame else FrameLease)(book, book.lease(read, now))
            return _whole(read, now)
    except turns.DatabaseBusy:
        raise fitness.RecordSlow("the record was kept busy for more than two seconds") from None


def _whole(read: Read, now: datetime) -> WholeLease:
    started = time.monotonic()
    lease = WholeLease(intake.write(reads.opened(read=read, now=now)), read, clock.now)
    if time.monotonic() - started > fitness.SLOWEST:
        lease.close(0, "aborted")
        raise fitness.RecordSlow("an event took more than two seconds to be written")
    return lease


def frame_book() -> FrameBook:
    """The frame book of this process, made at first use after recovering what dead workers left."""
    global _book
    directory = current().data_dir / "journal"
    known = _book
    if known is not None and (known.directory, known.engine) == (directory, engine()):
        return known
    with _booking:
        if _book is not None and (_book.directory, _book.engine) != (directory, engine()):
            _book.abandon()
            _book = None
        if _book is None:
            recover(directory, now=clock.now())
            _book = FrameBook(directory, engine())
        return _book


@fitness.condition
def frames_fault() -> str:
    """What is wrong with the frame book of this process, if it has one."""
    book = _book
    return book.fault() if book is not None and book.engine is engine() else ""


def close_frame_book() -> None:
    """Write and close all; at the orderly end of a process. A failure leaves the journal for recovery."""
    global _book
    with _booking:
        book, _book = _book, None
    if book is None:
        return
    try:
        book.close()
    except Exception as error:  # noqa: BLE001  # the process's outermost door; recovery will do it
        log.error("the frame book could not be closed: %s", type(error).__name__)


def _after_fork() -> None:
    global _book, _booking
    _booking = threading.Lock()
    if _book is not None:
        _book.let_go()
        _book = None


os.register_at_fork(after_in_child=_after_fork)
atexit.register(close_frame_book)
