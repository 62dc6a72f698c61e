"""Reminders of what nobody has done in time: said once, to whoever should; of late reviews to the stewards too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db import transaction
from gateway.governance import guards, progress, telling
from gateway.governance.models import Application, Review, ReviewState, SiteAnswer, SiteConsent, State
from gateway.governance.overview import unmoved
from gateway.governance.workflow import Stage
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


@go_round(every=600)
def turns(now: datetime) -> None:
    """Remind of whatever else does not move."""
    with transaction() as db:
        remind_of_turns(db, now=now)


def remind_of_turns(db: Session, *, now: datetime) -> None:
    """Remind those who choose reviewers, vote or decide where nothing came in for `review_days`, and late sites."""
    for each in unmoved(db, now):
        for stage in _stages_waiting(each):
            telling.late(db, application=each, stage=stage, days=current().review_days, now=now)
    for each in _of_late_sites(db, now):
        if (sites := guards.rules_of(each).sites) is not None and progress.is_open(each, sites):
            telling.late(db, application=each, stage=sites, days=current().review_days, now=now)


def _stages_waiting(application: Application) -> list[Stage]:
    rules = guards.rules_of(application)
    if application.state == State.SUBMITTED:
        return [rules.triage]
    later = rules.ballot if rules.ballot is not None and progress.missing(application) else rules.decision
    return [later] if progress.is_open(application, later) else []


def _of_late_sites(db: Session, now: datetime) -> Sequence[Application]:
    """Index: ix_application_state."""
    asked = now - timedelta(days=current().review_days)
    late = SiteConsent.state == SiteAnswer.WAITING, SiteConsent.asked_at <= asked
    found = select(SiteConsent.application_id).where(*late)
    here = Application.state == State.IN_REVIEW, Application.id.in_(found)
    return db.scalars(select(Application).where(*here).order_by(Application.id)).all()


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
