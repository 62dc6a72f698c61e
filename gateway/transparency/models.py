"""What panels say about the uses of the data, what they are answered, and how they vote at their meetings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id, one_of
from gateway.people.models import Account
from gateway.projects.models import Project


class Kind(StrEnum):
    """What somebody says: a comment needs no answer, the others do."""

    COMMENT = "comment"
    ASK = "ask"
    CONCERN = "concern"


class State(StrEnum):
    """Where it stands: open until it is answered; a comment is noted from the start."""

    OPEN = "open"
    NOTED = "noted"
    ANSWERED = "answered"


class Concern(Base):
    """A comment, a question or a concern about one project; `due_at` is until when a steward must answer it."""

    __tablename__ = "concern"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint("(kind = 'comment') = (due_at is null)", name="due"),
        CheckConstraint("(state = 'answered') = (answered_at is not null)", name="answered"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), index=True)
    text: Mapped[str] = mapped_column(Text)
    raised_by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    answered_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]  # when access was suspended because of it

    project: Mapped[Project] = relationship(lazy="joined")
    raised_by: Mapped[Account] = relationship(foreign_keys=[raised_by_id], lazy="joined")

    def overdue(self, now: datetime) -> bool:
        """Whether an answer is owed since longer than was promised."""
        return self.state == State.OPEN and self.due_at is not None and self.due_at <= now


class Choice(StrEnum):
    """What a panel member thinks of a project's use of the data."""

    CONTENT = "content"
    QUESTIONS = "questions"
    NOT_CONTENT = "not-content"


class UsageMeeting(Base):
    """A meeting of the panel on the use of the data, with its minutes in plain words; written once."""

    __tablename__ = "usage_meeting"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    held_on: Mapped[date] = mapped_column(index=True)
    minutes: Mapped[str] = mapped_column(Text)
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    recorded_at: Mapped[datetime]


class UsageVote(Base):
    """One member's vote on one project's use at a meeting. What is not content raises a concern or a question."""

    __tablename__ = "usage_vote"
    __table_args__ = (
        CheckConstraint(one_of("choice", Choice), name="choice"),
        CheckConstraint("choice = 'content' or concern_id is not null", name="raises"),
    )

    meeting_id: Mapped[str] = mapped_column(ForeignKey("usage_meeting.id"), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True, index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    choice: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    concern_id: Mapped[str | None] = mapped_column(ForeignKey("concern.id"))
    cast_at: Mapped[datetime]

    meeting: Mapped[UsageMeeting] = relationship(lazy="joined")
