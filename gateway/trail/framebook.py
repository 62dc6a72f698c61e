"""The frame book of a worker process: frames enter the journal at once and the database each second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from gateway import clock, turns
from gateway.db import transaction
from gateway.errors import SlidegateError
from gateway.trail import intake, reads
from gateway.trail.intake import Rebound
from gateway.trail.journal import Journal, JournalFull
from gateway.trail.record import record_all

EVERY = 1.0  # seconds between two flushes
LONGEST_LATE = 2.0  # seconds that flushing may fail or hang before no more frames are let out
SLOWEST = 2.0  # seconds that writing one event may take
SHARED_FOR = timedelta(seconds=60)  # how long one lease serves new requests
QUIET_FOR = timedelta(seconds=30)  # an old lease is closed after so long without a frame

log = logging.getLogger(__name__)


class LeaseOver(SlidegateError):
    """The lease was closed after a long silence; open another."""

    code = "lease-over"
    status = 503
    title = "This read has paused for too long; ask again"


class JournalStuck(SlidegateError):
    """Frames cannot be made durable, so none may leave."""

    code = "audit-unavailable"
    status = 503
    title = "The audit record cannot be written, so nothing is sent"


class OpenRead:
    """A frames lease as the book keeps it."""

    __slots__ = ("active_at", "bytes_sent", "held", "lease", "opened_at", "outcome", "over", "read", "slot")

    def __init__(self, lease: int, read: reads.Read, slot: int, now: datetime) -> None:
        self.lease, self.read, self.slot = lease, read, slot
        self.opened_at = self.active_at = now
        self.bytes_sent = self.held = 0
        self.outcome: reads.Outcome = "complete"
        self.over = False

    def serves(self, now: datetime) -> bool:
        """Whether a new request may still share this lease."""
        return not self.over and timedelta(0) <= now - self.opened_at < SHARED_FOR

    def due(self, now: datetime) -> bool:
        """Whether it is time to close it: not while a stream holds it."""
        quiet = now - self.opened_at >= SHARED_FOR and now - self.active_at >= QUIET_FOR
        return self.over or (quiet and not self.held)

    @property
    def ended(self) -> reads.Outcome:
        """How it ended: as badly as the worst request under it, and a stream that is still under way is cut."""
        return "aborted" if self.held and self.outcome == "complete" else self.outcome


class FrameBook:
    """The leases of frames that this process has open, its journal, and the thread that flushes it."""

    def __init__(self, directory: Path, engine: Engine, now: Callable[[], datetime] = clock.now) -> None:
        self.directory, self.engine = directory, engine
        self._now = now
        self._journal = Journal.create(directory)
        self._open: dict[int, OpenRead] = {}
        self._shared: dict[reads.Read, OpenRead] = {}
        self._entering = threading.Lock()  # the journal's head, and `over`
        self._opening = threading.Lock()  # one request opens a lease, the others share it
        self._flushing = threading.Lock()
        self._oldest: float | None = None  # when the oldest frame was entered that no flush has taken yet
        self._taken: float | None = None  # the same of those that are being flushed, or that could not be
        self._gone = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="frame-book", daemon=True)
        self._thread.start()

    def lease(self, read: reads.Read, now: datetime) -> OpenRead:
        """The open lease for this read, or a new one, durable before it is given back."""
        found = self._shared.get(read)
        if found is not None and found.serves(now):
            return found
        started = time.monotonic()
        if not self._opening.acquire(timeout=LONGEST_LATE):
            raise JournalStuck
        try:
            found = self._shared.get(read)
            if found is None or not found.serves(now):
                found = self._opened(read, now, started)
            return found
        finally:
            self._opening.release()

    def _opened(self, read: reads.Read, now: datetime, started: float) -> OpenRead:
        with turns.at_most(LONGEST_LATE):
            seq = intake.write(reads.opened(read=read, now=now))
        with self._entering:
            entry = OpenRead(seq, read, self._journal.open(seq), now)
            self._open[seq] = entry
            if time.monotonic() - started > SLOWEST:
                entry.over = True  # the next flush closes it
                raise JournalStuck
            self._shared[read] = entry
        return entry

    def fault(self) -> str:
        """What keeps frames from leaving, in plain words; empty where nothing does."""
        return "frames that were sent wait too long to be written to the record" if self._stuck() else ""

    def _stuck(self) -> bool:
        since = self._taken or self._oldest
        return since is not None and time.monotonic() - since > EVERY + LONGEST_LATE

    def enter(self, entry: OpenRead, frame: int) -> None:
        """Enter a frame before its bytes are sent. Raises LeaseOver, JournalStuck or JournalFull."""
        if self._stuck():
            raise JournalStuck
        try:
            self._enter(entry, frame)
        except JournalFull:
            if not self._flushing.acquire(timeout=LONGEST_LATE):
                raise JournalStuck from None
            self._flushing.release()
            self.flush(self._now())
            self._enter(entry, frame)

    def _enter(self, entry: OpenRead, frame: int) -> None:
        with self._entering:
            if entry.over:
                raise LeaseOver
            self._journal.enter(entry.lease, frame)
            if self._oldest is None:
                self._oldest = time.monotonic()

    def record(self, entry: OpenRead, frame: int) -> None:
        """Write a frame as an event of its own before its bytes are sent.

        Raises LeaseOver, or JournalStuck if it took too long: then the record has a frame that was not sent.
        """
        moment, started = self._now(), time.monotonic()
        with self._entering:
            if entry.over:
                raise LeaseOver
            entry.active_at = moment
        with turns.at_most(LONGEST_LATE):
            intake.write(reads.sent_frames(lease=entry.lease, read=entry.read, frames=[frame], now=moment))
        if time.monotonic() - started > SLOWEST:
            raise JournalStuck

    def hold(self, entry: OpenRead) -> None:
        """Keep a lease open until `sent` lets go of it. Raises LeaseOver."""
        with self._entering:
            if entry.over:
                raise LeaseOver
            entry.held += 1

    def sent(self, entry: OpenRead, count: int, outcome: reads.Outcome = "complete", *, held: int = 0) -> None:
        """Add to the bytes that left under a lease, say how the request ended, and let go of what it held."""
        with self._entering:
            entry.bytes_sent += count
            entry.held -= held
            if outcome != "complete" and entry.outcome != "stopped":
                entry.outcome = outcome

    def flush(self, now: datetime, *, everything: bool = False) -> None:
        """Write what was entered since the last flush, one event per lease, and close the leases that are due."""
        with self._flushing:
            if self._gone:
                return
            tail, middle = self._journal.tail, self._journal.head
            frames = self._journal.entries(tail, middle)  # the long part, without the lock
            with self._entering:
                until = self._journal.head
                self._taken, self._oldest = self._taken or self._oldest, None
                for lease, numbers in self._journal.entries(middle, until).items():
                    frames.setdefault(lease, set()).update(numbers)
                for lease in frames:
                    self._open[lease].active_at = now
                due = [entry for entry in self._open.values() if everything or entry.due(now)]
                for entry in due:
                    entry.over = True
            if frames or due:
                self._write(frames, due, now)
                self._settle(until, due)
            self._taken = None

    def _write(self, frames: dict[int, set[int]], due: list[OpenRead], now: datetime) -> None:
        tellings = [
            reads.sent_frames(lease=lease, read=self._open[lease].read, frames=numbers, now=now)
            for lease, numbers in frames.items()
        ]
        tellings += [
            reads.closed(lease=each.lease, read=each.read, outcome=each.ended, sent=each.bytes_sent, now=now)
            for each in due
        ]
        with turns.at_most(LONGEST_LATE), transaction() as db:
            if db.get_bind() is not self.engine:
                raise Rebound
            record_all(db, tellings)

    def _settle(self, until: int, due: list[OpenRead]) -> None:
        with self._entering:
            self._journal.durable(until)
            for entry in due:
                self._journal.shut(entry.slot)
                del self._open[entry.lease]
                if self._shared.get(entry.read) is entry:
                    del self._shared[entry.read]

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                self.flush(self._now())
            except Rebound:
                self._end()
                return
            except Exception as error:  # noqa: BLE001  # the thread's outermost door: it withholds and goes on
                log.error("frames could not be made durable: %s", type(error).__name__)

    def close(self) -> None:
        """Flush, close every lease and remove the journal; for the orderly end of a process."""
        self._stop.set()
        self._thread.join(timeout=5)
        self.flush(self._now(), everything=True)
        self._end()

    def abandon(self) -> None:
        """Drop everything unwritten, and the journal: its database is no longer bound."""
        self._stop.set()
        self._end()

    def _end(self) -> None:
        with self._flushing, self._entering:
            if self._gone:
                return
            self._gone = True
            for entry in self._open.values():
                entry.over = True
            self._journal.discard()

    def let_go(self) -> None:
        """In a forked child: the journal and its leases are the parent's."""
        self._journal.release()
