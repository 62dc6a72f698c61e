"""Tables of what goes on beside the judgement: an application that is handed over, remarks about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id, one_of
from gateway.governance.models import Application
from gateway.people.models import Account


class HandOverState(StrEnum):
    """Where a hand-over stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TAKEN_BACK = "taken-back"


class Audience(StrEnum):
    """Whom a remark is for: those who handle the application, or its applicants as well."""

    COMMITTEE = "committee"
    APPLICANTS = "applicants"


LONGEST = 2000  # characters of a remark
WAITS = text(f"state = '{HandOverState.WAITING}'")


class HandOver(Base):
    """That a co-applicant was asked to lead the application from now on, and what they said. One waits at a time."""

    __tablename__ = "hand_over"
    __table_args__ = (
        CheckConstraint(one_of("state", HandOverState), name="state"),
        CheckConstraint("(state = 'waiting') = (answered_at is null)", name="answered"),
        Index("ix_hand_over_waiting", "application_id", unique=True, sqlite_where=WAITS, postgresql_where=WAITS),
        Index("ix_hand_over_application_id_proposed_at", "application_id", "proposed_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"))
    from_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    to_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    proposed_by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    reason: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default=HandOverState.WAITING.value)
    answered_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship()
    former: Mapped[Account] = relationship(foreign_keys=[from_id])
    to: Mapped[Account] = relationship(foreign_keys=[to_id])


class Remark(Base):
    """What somebody who handles the application remarked, and for whom."""

    __tablename__ = "remark"
    __table_args__ = (
        CheckConstraint(one_of("audience", Audience), name="audience"),
        Index("ix_remark_application_id_made_at", "application_id", "made_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"))
    by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    audience: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]

    by: Mapped[Account] = relationship()
