"""Reminders of answers that stewards owe to panels: a few days before they are due, and once they are late."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.db import transaction
from gateway.jobs.rounds import go_round
from gateway.transparency import telling
from gateway.transparency.queries import waiting

BEFORE = timedelta(days=3)


@go_round(every=600)
def concerns(now: datetime) -> None:
    """Remind of what is due."""
    with transaction() as db:
        remind_of_concerns(db, now=now)


def remind_of_concerns(db: Session, *, now: datetime) -> None:
    """Tell stewards what they have to answer within three days, and what they should have answered; each once."""
    for concern in waiting(db, due_before=now + BEFORE):
        if concern.overdue(now):
            telling.overdue(db, concern=concern, now=now)
        elif concern.due_at is not None:
            telling.due_soon(db, concern=concern, due=concern.due_at, now=now)
