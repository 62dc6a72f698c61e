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
