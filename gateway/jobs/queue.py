"""The queue: put work in, take it out, say how it ended. Every change is a row, so a crash loses nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from gateway.errors import Conflict, NotFound
from gateway.jobs.models import MOST_ATTEMPTS, State, WorkItem
from gateway.trail.canonical import Json
from gateway.trail.record import SYSTEM, Actor, record

FIRST_PAUSE = timedelta(seconds=5)  # doubled after each attempt
LONGEST_PAUSE = timedelta(hours=1)
FOR_A_DAY = 33  # attempts: pauses grow to an hour each, and give up after a day
STALE_AFTER = timedelta(seconds=60)  # a running item without a heartbeat for so long has lost its worker


class NoSuchItem(NotFound):
    """No work item has this id."""

    code = "no-such-work-item"
    title = "There is no such work item"


class NotFailed(Conflict):
    """Only a failed item can be tried again by hand."""

    code = "work-item-not-failed"
    title = "Only a failed work item can be retried"


def enqueue(
    db: Session, *, kind: str, payload: Mapping[str, Any], now: datetime, most_attempts: int = MOST_ATTEMPTS
) -> WorkItem:
    """Put an item in the queue, in the caller's transaction. The payload holds ids, never identifiers."""
    item = WorkItem(kind=kind, payload=dict(payload), created_at=now, not_before=now, most_attempts=most_attempts)
    db.add(item)
    db.flush()
    return item


def claim(
    db: Session, *, owner: str, now: datetime, only: Collection[str] | None = None, never: Collection[str] = ()
) -> WorkItem | None:
    """The oldest item that is due, `only` of these kinds and `never` of those, now running and this owner's; or None.

    An item whose worker fell silent is due again; one that has taken its worker down too often is failed.
    """
    due = or_(
        and_(WorkItem.state == State.QUEUED, WorkItem.not_before <= now),
        and_(WorkItem.state == State.RUNNING, WorkItem.heartbeat_at < now - STALE_AFTER),
    )
    kinds = WorkItem.kind.not_in(never) if only is None else WorkItem.kind.in_(only)
    query = select(WorkItem).where(due, kinds).order_by(WorkItem.created_at, WorkItem.id).limit(1)
    while (item := db.scalars(query.with_for_update(skip_locked=True)).first()) is not None:
        if item.attempts < item.most_attempts:
            item.state, item.owner, item.heartbeat_at = State.RUNNING, owner, now
            item.attempts += 1
            return item
        _end(item, State.FAILED, now, "the worker died each time it did this")
        _tell(db, item, error="worker-died", now=now)
        db.flush()
    return None


def renew(db: Session, *, owner: str, items: Collection[str], now: datetime) -> None:
    """Tell that this owner is alive and at work on these items."""
    mine = WorkItem.id.in_(items) & (WorkItem.owner == owner)
    db.execute(update(WorkItem).where(mine).values(heartbeat_at=now))


def finish(db: Session, *, owner: str, item_id: str, now: datetime) -> None:
    """The item is done; nothing happens if it is no longer this owner's."""
    item = _owned(db, owner, item_id)
    if item is not None:
        _end(item, State.DONE, now, None)


def fail(db: Session, *, owner: str, item_id: str, code: str, reason: str, now: datetime) -> None:
    """The item failed: queue it again after a pause, or give up after the last attempt. On the record.

    Neither the code nor the reason may hold an identifier.
    """
    item = _owned(db, owner, item_id)
    if item is None:
        return
    if item.attempts >= item.most_attempts:
        _end(item, State.FAILED, now, reason[:200])
    else:
        _end(item, State.QUEUED, None, reason[:200])
        item.not_before = now + min(FIRST_PAUSE * 2 ** (item.attempts - 1), LONGEST_PAUSE)
    _tell(db, item, error=code, now=now)


def give_back(db: Session, *, owner: str, item_id: str, now: datetime) -> None:
    """The worker is being stopped: another may take the item at once, and the attempt does not count."""
    item = _owned(db, owner, item_id)
    if item is not None:
        _end(item, State.QUEUED, None, None)
        item.attempts -= 1
        item.not_before = now


def retry(db: Session, *, by: Actor, item_id: str, now: datetime) -> WorkItem:
    """Queue a failed item anew. Raises NoSuchItem or NotFailed."""
    item = db.get(WorkItem, item_id, with_for_update=True)
    if item is None:
        raise NoSuchItem
    if item.state != State.FAILED:
        raise NotFailed
    _end(item, State.QUEUED, None, None)
    item.attempts, item.not_before = 0, now
    record(db, action="work.retried", actor=by, now=now, subject=item.id, detail={"kind": item.kind})
    return item


def _owned(db: Session, owner: str, item_id: str) -> WorkItem | None:
    query = select(WorkItem).where(WorkItem.id == item_id, WorkItem.owner == owner)
    return db.scalars(query.where(WorkItem.state == State.RUNNING).with_for_update()).one_or_none()


def _end(item: WorkItem, state: State, finished: datetime | None, reason: str | None) -> None:
    item.state, item.finished_at, item.reason = state, finished, reason
    item.owner = item.heartbeat_at = None


def _tell(db: Session, item: WorkItem, *, error: str, now: datetime) -> None:
    db.flush()
    final = item.state == State.FAILED
    detail: dict[str, Json] = {"kind": item.kind, "attempt": item.attempts, "error": error, "final": final}
    record(db, action="work.failed", actor=SYSTEM, now=now, subject=item.id, detail=detail)
