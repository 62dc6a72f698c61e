"""Questions about the queue."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.jobs.models import State, WorkItem


def items(db: Session, state: State | None = None, *, most: int = 100) -> Sequence[WorkItem]:
    """The newest items, in one state or in any."""
    query = select(WorkItem).order_by(WorkItem.created_at.desc(), WorkItem.id).limit(most)
    return db.scalars(query if state is None else query.where(WorkItem.state == state)).all()


def newest_of(db: Session, kind: str) -> WorkItem | None:
    """The item of this kind that was put in last."""
    return db.scalars(
        select(WorkItem).where(WorkItem.kind == kind).order_by(WorkItem.created_at.desc()).limit(1)
    ).first()


def is_open(db: Session, kind: str) -> bool:
    """Whether an item of this kind is still to be done. Index: ix_work_item_state_not_before."""
    waits = WorkItem.state.in_((State.QUEUED, State.RUNNING))
    return db.scalar(select(WorkItem.id).where(waits, WorkItem.kind == kind).limit(1)) is not None
