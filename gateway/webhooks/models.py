"""Where other systems want to hear what happens. The secret is nowhere kept: it is derived, see `signing`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, new_id


class Webhook(Base):
    """One address, and the types of events that it is sent. All before `heard` is queued for it or was no matter."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    url: Mapped[str] = mapped_column(String(500))
    types: Mapped[list[str]] = mapped_column(JSON, default=list)
    secret_version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    heard: Mapped[int] = mapped_column(BigInteger)  # seq of the trail
    taken_at: Mapped[datetime | None]  # when it last took an event
    failed_at: Mapped[datetime | None]  # when it last did not
    fault: Mapped[str] = mapped_column(String(64), default="")
