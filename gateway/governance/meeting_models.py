"""Meetings of the committee: when and where, what is on the agenda, who was asked and who came, and the minutes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id
from gateway.governance.models import Application
from gateway.people.models import Account


class Meeting(Base):
    """One meeting. `sequence` rises with each change, so that calendars know which is the later (RFC 5545 3.8.7.4)."""

    __tablename__ = "committee_meeting"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("held_at is null or cancelled_at is null", name="held_or_cancelled"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    called_by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    called_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(200))
    sequence: Mapped[int] = mapped_column(default=0)
    cancelled_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]  # when the minutes were written down, once
    minutes: Mapped[str] = mapped_column(Text, default="")

    agenda: Mapped[list[AgendaItem]] = relationship(back_populates="meeting", order_by="AgendaItem.place")
    asked: Mapped[list[Attendance]] = relationship(back_populates="meeting", order_by="Attendance.account_id")

    @property
    def reference(self) -> str:
        """A short name to say on the telephone."""
        return f"{self.id[:4]}-{self.id[4:8]}".upper()


class AgendaItem(Base):
    """An application that a meeting talks about."""

    __tablename__ = "committee_agenda"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("committee_meeting.id"), primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), primary_key=True, index=True)
    place: Mapped[int]

    meeting: Mapped[Meeting] = relationship(back_populates="agenda")
    application: Mapped[Application] = relationship()


class Attendance(Base):
    """Somebody who was asked to come; `present` is not known before the meeting was held."""

    __tablename__ = "committee_attendance"

    meeting_id: Mapped[str] = mapped_column(ForeignKey("committee_meeting.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True, index=True)
    present: Mapped[bool | None]

    meeting: Mapped[Meeting] = relationship(back_populates="asked")
    account: Mapped[Account] = relationship()
