"""Whether the record can hold what is about to be sent; if not, no byte of an image is: *fail closed*.

Looked at once a second in each process that sends, in a thread of its own, so that a look that hangs is a reason too.
Signing in, reviewing and reading the audit trail go on meanwhile. Rooms above add what else images need (`condition`).
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway import turns
from gateway.db import engine, reading, transaction
from gateway.errors import SlidegateError
from gateway.settings import current
from gateway.trail import signing
from gateway.trail.models import Event, Pulse, beat
from gateway.trail.sequencer import lag, sequence_if_elected

EVERY = 1.0  # seconds between two looks
SLOWEST = 2.0  # seconds that writing one event may take
LONGEST_LOOK = 2.0  # seconds after which a look counts as failed
PROVED_FOR = timedelta(seconds=1)  # what was written so lately shows that more can be
HELP_AFTER = timedelta(seconds=30)  # whoever finds the sequencer so late does its work
LATEST = timedelta(seconds=60)  # that an event may wait for its checkpoint
SKEW = timedelta(seconds=5)  # by which the clocks of several hosts may differ

DISK = "the disk of the record is nearly full"
UNWRITABLE = "the record cannot be written: its store is full or read-only"
SLOW = "writing to the record takes longer than two seconds"
AWAY = "the record cannot be reached"
CLOCK = "the clock was set back: events of the record lie in the future"
LATE = "the sequencer that signs the record is too late"

Condition = Callable[[], str]
_conditions: list[Condition] = []


class NotFit(SlidegateError):
    """The record cannot be relied on now; `message` says why."""

    code = "record-not-fit"
    status = 503
    title = "Images are not sent at the moment, because the record of who saw them cannot be kept"


class RecordSlow(NotFit):
    """Writing an event took too long."""

    code = "record-slow"


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found last, where, and until when (monotonic) that is good."""

    place: tuple[object, object]
    until: float
    fault: str


@dataclass(frozen=True, slots=True)
class _Looking:
    """A look that is being taken."""

    place: tuple[object, object]
    found: Future[str] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)

    def wait(self) -> str:
        """What it finds, or that it takes too long."""
        try:
            return self.found.result(timeout=max(0.0, self.since + LONGEST_LOOK - time.monotonic()))
        except TimeoutError:
            return SLOW


_last: _Look | None = None
_looking: _Looking | None = None
_asking = threading.Lock()


def condition(check: Condition) -> Condition:
    """Have this looked at too: it gives what is wrong in plain words, or nothing."""
    _conditions.append(check)
    return check


def require(now: datetime) -> None:
    """Raises NotFit where nothing may be sent. Never call it inside a transaction."""
    fault = fault_now(now)
    if fault:
        raise NotFit(fault)


def fault_now(now: datetime) -> str:
    """What keeps images from being sent, in plain words; empty where nothing does."""
    global _last
    place = (engine(), current().data_dir)
    known = _last
    if known is None or known.place != place or time.monotonic() >= known.until:
        fault = _begun(place, now).wait()
        known = _last = _Look(place, time.monotonic() + EVERY, fault)
    return known.fault


def forget() -> None:
    """Look again at the next question."""
    global _last
    _last = None


def _begun(place: tuple[object, object], now: datetime) -> _Looking:
    """The look that is under way, or a new one."""
    global _looking
    with _asking:
        if _looking is None or _looking.place != place or _looking.found.done():
            _looking = _Looking(place)
            threading.Thread(target=_take, args=(_looking.found, now), name="fitness", daemon=True).start()
        return _looking


def _take(found: Future[str], now: datetime) -> None:
    try:
        with turns.at_most(SLOWEST):
            found.set_result(_look(now))
    except Exception as error:  # noqa: BLE001  # the thread's outermost door: who waits gets it, and sends nothing
        found.set_exception(error)


def _look(now: datetime) -> str:
    try:
        if shutil.disk_usage(current().data_dir).free < current().disk_reserve_bytes:
            return DISK
        with reading() as db:
            newest, pulse = db.scalar(select(func.max(Event.at))), db.scalar(select(Pulse.at))
            unsigned = signing.fault(db, now)
        if newest is not None and newest > now + SKEW:
            return CLOCK
        proved = max((each for each in (newest, pulse) if each is not None and each <= now), default=None)
        if proved is None or now - proved > PROVED_FOR:
            _prove(now)
        return unsigned or _late(now) or next(filter(None, (check() for check in _conditions)), "")
    except turns.DatabaseBusy:
        return SLOW
    except turns.Unwritable:
        return UNWRITABLE
    except (SQLAlchemyError, OSError):
        return AWAY


def _prove(now: datetime) -> None:
    """Write something and have it on the disk; what it is does not matter."""
    with transaction() as db:
        beat(db, now)


def _late(now: datetime) -> str:
    """Whether events wait too long for a checkpoint, even after a hand was lent."""
    since = _waiting_since()
    if since is not None and now - since > HELP_AFTER:
        try:
            sequence_if_elected(now=now)
        except turns.DatabaseBusy:
            pass  # the next look tries again
        except turns.Unwritable:
            return UNWRITABLE
        except SlidegateError:
            return LATE  # the log is bent, or cannot be signed
        since = _waiting_since()
    return LATE if since is not None and now - since > LATEST else ""


def _waiting_since() -> datetime | None:
    with reading() as db:
        return lag(db).since


def _after_fork() -> None:
    global _looking, _asking, _last
    _looking, _asking, _last = None, threading.Lock(), None  # the thread stayed with the parent


os.register_at_fork(after_in_child=_after_fork)
