"""Reminders that access is about to end, and word that it has: each said once for each end that a grant has."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db import transaction
from gateway.jobs.rounds import go_round
from gateway.notices.models import Kind
from gateway.projects.models import Grant
from gateway.projects.queries import grants_running
from gateway.projects.telling import reference, tell_members

DAYS = (7, 30)  # before the end; the nearest that applies is said
TELLS_OF = timedelta(days=7)  # an end that is longer ago is told to nobody


@go_round(every=600)
def ends(now: datetime) -> None:
    """Remind of what ends soon, and tell of what has ended."""
    with transaction() as db:
        remind_of_ends(db, now=now)


def remind_of_ends(db: Session, *, now: datetime) -> None:
    """Tell the members of each project whose access ends in 30 or 7 days, or has ended since a week."""
    for grant in grants_running(db, now):
        days = next((each for each in DAYS if grant.ends_at - now <= timedelta(days=each)), None)
        if days is not None:
            words = f"ends on {grant.ends_at:%Y-%m-%d at %H:%M} UTC: renew it in time, or close the project"
            _tell(db, grant, Kind.ENDING, words, f"ends-{days}", now)
    for grant in _ended(db, now):
        _tell(db, grant, Kind.ENDED, "has ended", "ended", now)


def _ended(db: Session, now: datetime) -> list[Grant]:
    just = select(Grant).where(Grant.ends_at <= now, Grant.ends_at > now - TELLS_OF, Grant.revoked_at.is_(None))
    return list(db.scalars(just.order_by(Grant.ends_at)))


def _tell(db: Session, grant: Grant, kind: Kind, words: str, step: str, now: datetime) -> None:
    text = f"Access of project {reference(grant.project_id)} {words}"
    once = f"{step}:{grant.id}:{grant.ends_at:%Y%m%d%H%M}"
    tell_members(db, project_id=grant.project_id, kind=kind, text=text, now=now, once=once)
