"""What people are told: one row for each person and happening."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id
from gateway.people.models import Account


class Kind(StrEnum):
    """What a notice is about."""

    SUBMITTED = "submitted"
    ASKED = "asked"
    TURN = "turn"
    RETURNED = "returned"
    DECIDED = "decided"
    CONDITION = "condition"
    ACCESS = "access"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    ENDING = "ending"
    ENDED = "ended"
    OVERDUE = "overdue"
    CONCERN = "concern"
    DESTROY = "destroy"
    MEETING = "meeting"
    SIGN = "sign"
    TRAINING = "training"


class Notice(Base):
    """One thing that one person is told. `text` names things by their references and nobody by name.

    `once` is what it must not be said twice about: a second row with the same one is refused by the database.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("account_id", "once"),
        Index("ix_notice_account_id_read_at", "account_id", "read_at"),
        Index("ix_notice_account_id_made_at", "account_id", "made_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(300))
    href: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(index=True)
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    once: Mapped[str | None] = mapped_column(String(100))
    calendar: Mapped[str | None] = mapped_column(Text)  # a calendar file that goes with the letter

    account: Mapped[Account] = relationship()


class Digest(Base):
    """That the letter of this day was queued for this account."""

    __tablename__ = "notice_digest"

    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
