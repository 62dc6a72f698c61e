"""The queue: put work in, take it out, say how it ended. Every change is a row, so a crash loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.jobs.models import WorkItem


def enqueue(db: Session, *, kind: str, payload: Mapping[str, Any], now: datetime) -> WorkItem:
    """Put an item in the queue, in the caller's transaction. The payload holds ids, never identifiers."""
    item = WorkItem(kind=kind, payload=dict(payload), created_at=now, not_before=now)
    db.add(item)
    db.flush()
    return item
