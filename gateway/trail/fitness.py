"""Whether the record can hold what is about to be sent; if not, no byte of an image is: *fail closed*.

Looked at once a second in each process. Signing in, reviewing and reading the audit trail go on meanwhile.
"""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.db import engine, reading
from gateway.errors import SlidegateError
from gateway.settings import current
from gateway.trail.models import Event
from gateway.trail.sequencer import lag, sequence_if_elected

EVERY = 1.0  # seconds between two looks
SLOWEST = 2.0  # seconds that writing one event may take
HELP_AFTER = timedelta(seconds=30)  # whoever finds the sequencer so late does its work
LATEST = timedelta(seconds=60)  # that an event may wait for its checkpoint
SKEW = timedelta(seconds=5)  # by which the clocks of several hosts may differ


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


_last: _Look | None = None
_looking = threading.Lock()


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
        with _looking:
            known = _last = _Look(place, time.monotonic() + EVERY, _look(now))
    return known.fault


def forget() -> None:
    """Look again at the next question."""
    global _last
    _last = None


def _look(now: datetime) -> str:
    try:
        if shutil.disk_usage(current().data_dir).free < current().disk_reserve_bytes:
            return "the disk of the record is nearly full"
        with reading() as db:
            newest = db.scalar(select(func.max(Event.at)))
        if newest is not None and newest > now + SKEW:
            return "the clock was set back: events of the record lie in the future"
        return "the sequencer that signs the record is too late" if _late(now) else ""
    except (SQLAlchemyError, OSError):
        return "the record cannot be reached"


def _late(now: datetime) -> bool:
    """Whether events wait too long for a checkpoint, even after a hand was lent."""
    since = _waiting_since()
    if since is not None and now - since > HELP_AFTER:
        try:
            sequence_if_elected(now=now)
        except SlidegateError:
            return True  # the log is bent, or cannot be signed
        since = _waiting_since()
    return since is not None and now - since > LATEST


def _waiting_since() -> datetime | None:
    with reading() as db:
        return lag(db).since
