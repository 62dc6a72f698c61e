"""The durable work item: what is to be done, how often it was tried, and who holds it now."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, new_id, one_of

MOST_ATTEMPTS = 5


class State(StrEnum):
    """Where an item stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class WorkItem(Base):
    """One piece of work. While it runs, `owner` must renew `heartbeat_at`, or another worker takes it up."""

    __tablename__ = "work_item"
    __table_args__ = (
        CheckConstraint(one_of("state", State), name="state"),
        Index("ix_work_item_state_not_before", "state", "not_before"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default=State.QUEUED.value)
    attempts: Mapped[int] = mapped_column(default=0)
    most_attempts: Mapped[int] = mapped_column(default=MOST_ATTEMPTS)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    owner: Mapped[str | None] = mapped_column(String(16))
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(200))
