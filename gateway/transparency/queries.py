"""Reading what was said about uses, as each person may: who said it is for stewards and for whoever did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from gateway.errors import NotFound
from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.people.roles import permissions_of, roles
from gateway.transparency.commands import ANSWER
from gateway.transparency.models import Concern, State

SHOWN = 200  # of one project


class NoSuchConcern(NotFound):
    """Nothing of this id."""

    code = "concern-not-found"
    title = "There is no such comment, question or concern"


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was said, as one reader may see it; `who` is a name or only a role."""

    id: str
    project_id: str
    project: str
    kind: str
    state: str
    text: str
    who: str
    raised_at: datetime
    due_at: datetime | None
    overdue: bool
    answer: str
    answered_at: datetime | None
    suspended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Owed:
    """How many answers are owed, and how many of them are late."""

    open: int
    overdue: int


def concern(db: Session, concern_id: str) -> Concern:
    """One of them. Raises NoSuchConcern."""
    found = db.get(Concern, concern_id)
    if found is None:
        raise NoSuchConcern
    return found


def page_of_concerns(db: Session, reader: Account, now: datetime, page: int) -> Page[Told]:
    """Those that wait, the longest overdue first, then the newest others."""
    return page_of(db, _in_order(), page).told(lambda each: told(each, reader, now))


def concerns_about(db: Session, reader: Account, now: datetime, *, project_id: str) -> list[Told]:
    """Those about one project, in the same order. Index: ix_concern_project_id."""
    here = _in_order().where(Concern.project_id == project_id)
    return [told(each, reader, now) for each in db.scalars(here.limit(SHOWN))]


def _in_order() -> Select[Concern]:
    open_ = Concern.state == State.OPEN.value
    return select(Concern).order_by(~open_, case((open_, Concern.due_at)), Concern.raised_at.desc(), Concern.id)


def waiting(db: Session, *, due_before: datetime) -> Sequence[Concern]:
    """Those that nobody has answered and that are due before a moment, oldest first. Index: ix_concern_state."""
    asked = select(Concern).where(Concern.state == State.OPEN.value, Concern.due_at < due_before)
    return db.scalars(asked.order_by(Concern.due_at, Concern.id)).all()


def owed(db: Session, now: datetime) -> Owed:
    """What stewards have to answer. Index: ix_concern_state."""
    waiting = select(func.count()).select_from(Concern).where(Concern.state == State.OPEN.value)
    return Owed(db.scalar(waiting) or 0, db.scalar(waiting.where(Concern.due_at <= now)) or 0)


def told(each: Concern, reader: Account, now: datetime) -> Told:
    """One of them, as this reader may see it."""
    return Told(
        id=each.id,
        project_id=each.project_id,
        project=each.project.lay_title or each.project.title,
        kind=each.kind,
        state=each.state,
        text=each.text,
        who=_who(each, reader),
        raised_at=each.raised_at,
        due_at=each.due_at,
        overdue=each.overdue(now),
        answer=each.answer,
        answered_at=each.answered_at,
        suspended_at=each.suspended_at,
    )


def _who(each: Concern, reader: Account) -> str:
    if reader.id == each.raised_by_id or ANSWER in permissions_of(reader):
        return each.raised_by.name
    titles = [role.title for key, role in roles().by_key.items() if key in each.raised_by.role_keys]
    return titles[0] if titles else "Somebody"
