"""Looking at the audit is itself audited: each search and each export is an event, written first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.audit.search import Search
from gateway.trail.canonical import Json
from gateway.trail.record import SYSTEM, Actor, record


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the log that is about to be taken; `personal` is whom it asks for."""

    action: str
    by: Actor
    at: datetime
    detail: dict[str, Json]
    personal: dict[str, str]


def searching(*, by: Actor, search: Search, what: str, now: datetime) -> Look:
    """Somebody searches; `what`: events, reads, an answer, chain, or one event as "event 12"."""
    return Look("audit.searched", by, now, {"what": what, "search": search.told}, _personal(search))


def exporting(*, by: Actor, search: Search, form: str, named: bool, now: datetime) -> Look:
    """Somebody takes the log, or a part of it, away."""
    return Look("audit.exported", by, now, {"format": form, "search": search.told, "named": named}, _personal(search))


def note(db: Session, *, look: Look) -> None:
    """Record a look."""
    record(db, action=look.action, actor=look.by, now=look.at, detail=look.detail, personal=look.personal)


def note_late(db: Session, *, look: Look, now: datetime) -> None:
    """Record a look that was taken while nothing could be written; the event says when."""
    late = Look(look.action, look.by, now, {**look.detail, "looked_at": look.at.isoformat()}, look.personal)
    note(db, look=late)


def note_lost(db: Session, *, looks: int, now: datetime) -> None:
    """Record that so many looks were taken of which nothing more can be read: their key is gone."""
    record(db, action="audit.looks.lost", actor=SYSTEM, now=now, detail={"looks": looks})


def _personal(search: Search) -> dict[str, str]:
    return {f"searched_{name}": value for name, value in search.personal.items()}
