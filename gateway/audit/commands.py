"""Looking at the audit is itself audited: each search and each export is an event, written first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.audit.search import Search
from gateway.trail.record import Actor, record


def note_search(db: Session, *, by: Actor, search: Search, what: str, now: datetime) -> None:
    """Record that somebody searches; `what`: events, reads, an answer, chain, or one event as "event 12"."""
    detail = {"what": what, "search": search.told}
    record(db, action="audit.searched", actor=by, now=now, detail=detail, personal=_personal(search))


def note_export(db: Session, *, by: Actor, search: Search, form: str, named: bool, now: datetime) -> None:
    """Record that somebody takes the log, or a part of it, away."""
    detail = {"format": form, "search": search.told, "named": named}
    record(db, action="audit.exported", actor=by, now=now, detail=detail, personal=_personal(search))


def _personal(search: Search) -> dict[str, str]:
    return {f"searched_{name}": value for name, value in search.personal.items()}
