"""Reminders of reviews that nobody has given in time: said once, to the reviewer and to the stewards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db import transaction
from gateway.governance import guards, progress, telling
from gateway.governance.models import Application, Review, ReviewState, State
from gateway.jobs.rounds import go_round
from gateway.settings import current


@go_round(every=600)
def reviews(now: datetime) -> None:
    """Remind of what is overdue."""
    with transaction() as db:
        remind_of_reviews(db, now=now)


def remind_of_reviews(db: Session, *, now: datetime) -> None:
    """Remind the reviewers who were asked more than `review_days` ago, and tell the stewards who can ask others."""
    for review in overdue(db, now):
        telling.overdue(db, review=review, days=current().review_days, now=now)


def overdue(db: Session, now: datetime) -> Sequence[Review]:
    """Reviews that still wait, asked longer ago than `review_days`. Index: ix_application_state."""
    asked = now - timedelta(days=current().review_days)
    waiting = select(Review).where(Review.state == ReviewState.WAITING, Review.asked_at <= asked)
    here = waiting.join(Application).where(Application.state == State.IN_REVIEW)
    late = db.scalars(here.order_by(Review.asked_at, Review.id))
    return [each for each in late if _has_begun(each)]


def _has_begun(review: Review) -> bool:
    group = guards.rules_of(review.application).group(review.group)
    return group is not None and progress.is_open(review.application, group)
