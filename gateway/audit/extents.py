"""Reads of slides and how much left under each: the answers to 'what did this person get' and 'who saw this'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.audit import queries
from gateway.audit.approvals import Approval, Approvals
from gateway.audit.search import Search
from gateway.trail.frames import unpacked
from gateway.trail.models import Event
from gateway.trail.reads import CLOSED, FRAMES, OPENED

UNKNOWN = "unknown extent: counted whole"
BATCH = 500


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
    site: str
    grant: str
    how: str
    outcome: str  # complete, aborted, stopped, recovered; "" where the lease has no close
    bytes_sent: int | None
    frames: int | None
    approval: Approval

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

    @property
    def approvals(self) -> list[Approval]:
        """What these rest on, each once."""
        return list(dict.fromkeys(each.approval for each in self.reads))


def reads(db: Session, search: Search, *, before: int | None = None, most: int = queries.PAGE) -> Reads:
    """The reads that match, with what is known of their extent."""
    page = queries.find(db, replace(search, action=OPENED), before=before, most=most)
    return Reads(_told(db, page.events, page.names, Approvals(db)), page.older)


def every_read(db: Session, search: Search, *, until: int) -> Iterator[ReadOfInstance]:
    """All reads that match, oldest first, up to a place in the log; in constant memory."""
    wanted, after, approvals = replace(search, action=OPENED), 0, Approvals(db)
    while True:
        asked = select(Event).where(queries.matching(db, wanted), Event.seq > after, Event.seq <= until)
        batch = list(db.scalars(asked.order_by(Event.seq).limit(BATCH)))
        if not batch:
            return
        found = _told(db, batch, queries.names_of(db, batch), approvals, until)
        after = batch[-1].seq
        db.expunge_all()
        yield from found


def _told(
    db: Session, opened: Sequence[Event], names: Mapping[int, str], approvals: Approvals, until: int | None = None
) -> list[ReadOfInstance]:
    followed = _following(db, [event.seq for event in opened], until)
    return [_read(each, names.get(each.seq, ""), followed.get(each.seq, []), approvals) for each in opened]


def _following(db: Session, leases: Sequence[int], until: int | None) -> dict[int, list[Event]]:
    followed: dict[int, list[Event]] = {}
    query = select(Event).where(Event.lease_seq.in_(leases), Event.action.in_((FRAMES, CLOSED)))
    query = query if until is None else query.where(Event.seq <= until)
    for event in db.scalars(query.order_by(Event.seq)):
        followed.setdefault(event.lease_seq or 0, []).append(event)
    return followed


def _read(opened: Event, name: str, after: Sequence[Event], approvals: Approvals) -> ReadOfInstance:
    told = opened.detail
    closing = next((each.detail for each in after if each.action == CLOSED), {})
    frames: set[int] = set().union(*(unpacked(each.detail) for each in after if each.action == FRAMES))
    project, grant, release = opened.project or "", told.get("grant", ""), told.get("release", "")
    by_frame = told.get("how") in ("frames", "rendered") and closing
    return ReadOfInstance(
        seq=opened.seq,
        at=opened.at,
        person=opened.actor_id,
        name=name,
        project=project,
        release=release,
        instance=told.get("instance", ""),
        site=told.get("site", ""),
        grant=grant,
        how=told.get("how", ""),
        outcome=closing.get("outcome", ""),
        bytes_sent=closing.get("bytes_sent"),
        frames=len(frames) if by_frame else None,
        approval=approvals.of(project=project, grant=grant, release=release, before=opened.seq),
    )
