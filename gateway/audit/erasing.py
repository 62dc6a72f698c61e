"""Erasing what stands behind commitments: of a person or of a project, the names, addresses and words on the record.

The events stay, and so do their commitments: whoever has no opening cannot tell what was committed to, and every bundle
still verifies. By the rule of retention only what is old enough goes; a court or a regulator may order more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_
from sqlalchemy.orm import Session

from gateway.errors import Invalid, NotFound
from gateway.people.models import Account
from gateway.people.queries import account_by_email
from gateway.settings import current
from gateway.trail.canonical import Json
from gateway.trail.models import Event, Opening
from gateway.trail.record import Actor, record

EVENTS = 20_000  # looked at in one transaction: others write in between
ORDERED = "ordered"
REASONS: Mapping[str, str] = {  # a closed list, so that no name gets on the trail
    "retention": "They were kept for as long as the rule asks for",
    ORDERED: "A court or a regulator ordered it, however old they are",
}


class NotAReason(Invalid):
    """The reason is not one of the list."""

    code = "not-a-reason"
    title = "Choose one of the reasons"


class NobodyThere(NotFound):
    """Perhaps mistyped: erasing nothing must not look like erasing something."""

    code = "audit-nobody-there"
    title = "The record knows nobody and nothing of this name"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose openings: those of an account, also where others name it, or all of a project. `id` is opaque."""

    kind: str
    id: str
    condition: ColumnElement[bool]

    @property
    def told(self) -> dict[str, Json]:
        """What the record says of it."""
        return {self.kind: self.id}


def of_person(db: Session, person: str) -> Whose:
    """The openings of an account, by its id or its whole email address. Raises NobodyThere."""
    known = account_by_email(db, person) or db.get(Account, person)
    account = known.id if known is not None else person
    if known is None and db.scalar(select(Event.seq).where(Event.actor_id == person).limit(1)) is None:
        raise NobodyThere
    about = Event.subject == account
    if known is not None:
        about = or_(about, Opening.value.in_([known.email, known.name]))
    told = and_(Opening.field.startswith("personal."), about)
    return Whose("account", account, or_(told, and_(Event.actor_id == account, Opening.field.startswith("actor."))))


def of_project(db: Session, project: str) -> Whose:
    """All openings of a project's events, by its id. Raises NobodyThere."""
    if db.scalar(select(Event.seq).where(Event.project == project).limit(1)) is None:
        raise NobodyThere
    return Whose("project", project, Event.project == project)


def erase_openings(db: Session, *, by: Actor, whose: Whose, reason: str, after: int, until: int, now: datetime) -> int:
    """Erase them for good from the events behind `after` up to `until`; gives their number.

    Take no more than EVENTS at once. Raises NotAReason.
    """
    if reason not in REASONS:
        raise NotAReason
    old = Event.at < (now if reason == ORDERED else now - timedelta(days=current().openings_kept_days))
    here = and_(Event.seq > after, Event.seq <= until, old, whose.condition)
    meant = select(Opening.seq, Opening.field).join(Event, Event.seq == Opening.seq).where(here)
    erased = db.execute(
        delete(Opening).where(tuple_(Opening.seq, Opening.field).in_(meant)).returning(Opening.seq),
        execution_options={"synchronize_session": False},
    ).all()
    if erased:
        detail: dict[str, Json] = {
            **whose.told,
            "reason": reason,
            "openings": len(erased),
            "events": [after + 1, until],
        }
        record(db, action="audit.openings.erased", actor=by, now=now, subject=whose.id, detail=detail)
    return len(erased)
