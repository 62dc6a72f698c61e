"""Reads of slides and how much left under each: the answers to 'what did this person get' and 'who saw this'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.audit import queries
from gateway.audit.search import Search
from gateway.trail.frames import unpacked
from gateway.trail.models import Event
from gateway.trail.reads import CLOSED, FRAMES, OPENED

UNKNOWN = "unknown extent: counted whole"


@dataclass(frozen=True, slots=True)
class ReadOfInstance:
    """One lease: who read which instance when, and what left. `frames` is None where the whole may have left."""

    seq: int
    at: datetime
    person: str
    name: str
    project: str
    release: str
    instance: str
    grant: str
    how: str
    outcome: str  # complete, aborted, stopped, recovered; "" where the lease has no close
    bytes_sent: int | None
    frames: int | None

    @property
    def extent(self) -> str:
        """How much left, in words."""
        if not self.outcome:
            return UNKNOWN
        if self.frames is not None:
            return f"{self.frames:,} frame{'' if self.frames == 1 else 's'}"
        if self.how == "metadata":
            return "metadata only"
        return "whole instance" if self.outcome == "complete" else f"part of the instance ({self.outcome})"


@dataclass(frozen=True, slots=True)
class Reads:
    """One page of reads, newest first; `older` is where the next page begins, None on the last."""

    reads: Sequence[ReadOfInstance]
    older: int | None


def reads(db: Session, search: Search, *, before: int | None = None, most: int = queries.PAGE) -> Reads:
    """The reads that match, with what is known of their extent."""
    page = queries.find(db, replace(search, action=OPENED), before=before, most=most)
    followed = _following(db, [event.seq for event in page.events])
    return Reads(
        [_read(event, page.names.get(event.seq, ""), followed.get(event.seq, [])) for event in page.events],
        page.older,
    )


def _following(db: Session, leases: Sequence[int]) -> dict[int, list[Event]]:
    followed: dict[int, list[Event]] = {}
    query = select(Event).where(Event.lease_seq.in_(leases), Event.action.in_((FRAMES, CLOSED)))
    for event in db.scalars(query.order_by(Event.seq)):
        followed.setdefault(event.lease_seq or 0, []).append(event)
    return followed


def _read(opened: Event, name: str, after: Sequence[Event]) -> ReadOfInstance:
    told = opened.detail
    closing = next((each.detail for each in after if each.action == CLOSED), {})
    frames: set[int] = set().union(*(unpacked(each.detail) for each in after if each.action == FRAMES))
    by_frame = told.get("how") in ("frames", "rendered") and closing
    return ReadOfInstance(
        seq=opened.seq,
        at=opened.at,
        person=opened.actor_id,
        name=name,
        project=opened.project or "",
        release=told.get("release", ""),
        instance=told.get("instance", ""),
        grant=told.get("grant", ""),
        how=told.get("how", ""),
        outcome=closing.get("outcome", ""),
        bytes_sent=closing.get("bytes_sent"),
        frames=len(frames) if by_frame else None,
    )
