"""Who is told what about concerns: the stewards who owe an answer, and whoever waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.notices import commands as notices
from gateway.notices.models import Kind as Notice
from gateway.people.models import Account
from gateway.people.queries import accounts
from gateway.people.roles import permissions_of
from gateway.projects.queries import membership
from gateway.projects.telling import reference
from gateway.transparency.models import Concern, Kind

ANSWER = "concern.answer"
WORDS = {Kind.COMMENT: "A comment was left on", Kind.ASK: "A question was asked about", Kind.CONCERN: "A concern about"}


def raised(db: Session, *, concern: Concern, now: datetime) -> None:
    """The stewards are told, with the day until when they owe an answer."""
    what, more = WORDS[Kind(concern.kind)], ""
    if concern.due_at is not None:
        more = f": an answer is due by {concern.due_at:%Y-%m-%d}"
    verb = " was raised" if concern.kind == Kind.CONCERN else ""
    text = f"{what} the use of data by project {reference(concern.project_id)}{verb}{more}"
    _tell(db, _stewards(db, concern), concern, Notice.CONCERN, text, now)


def answered(db: Session, *, concern: Concern, now: datetime) -> None:
    """Whoever raised it is told."""
    text = f"What you said about project {reference(concern.project_id)} has been answered"
    _tell(db, [concern.raised_by], concern, Notice.CONCERN, text, now)


def due_soon(db: Session, *, concern: Concern, due: datetime, now: datetime) -> None:
    """The stewards are reminded; once."""
    text = f"An answer about project {reference(concern.project_id)} is due by {due:%Y-%m-%d}"
    _tell(db, _stewards(db, concern), concern, Notice.CONCERN, text, now, once="due")


def overdue(db: Session, *, concern: Concern, now: datetime) -> None:
    """The stewards are told that they are late; once."""
    text = f"An answer about project {reference(concern.project_id)} is owed since longer than was promised"
    _tell(db, _stewards(db, concern), concern, Notice.OVERDUE, text, now, once="late")


def _stewards(db: Session, concern: Concern) -> list[Account]:
    """Who may answer: not on the project, and not whoever raised it."""
    able = [each for each in accounts(db) if ANSWER in permissions_of(each) and each.id != concern.raised_by_id]
    return [each for each in able if membership(db, concern.project_id, each.id) is None]


def _tell(
    db: Session, to: Sequence[Account], concern: Concern, kind: Notice, text: str, now: datetime, once: str = ""
) -> None:
    key = f"concern-{once}:{concern.id}" if once else None
    notices.tell(db, to=to, kind=kind, text=text, href=f"/concerns/{concern.id}", now=now, once=key)
