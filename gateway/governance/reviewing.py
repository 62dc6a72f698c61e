"""What stewards and reviewers do: begin the review, ask another, recommend, step aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.governance import guards
from gateway.governance.models import Application, Recommendation, Review, ReviewState, State
from gateway.governance.states import move, touch
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record


def begin_review(
    db: Session,
    *,
    by: Account,
    application: Application,
    reviewers: Sequence[Account],
    now: datetime,
    version: int | None = None,
) -> None:
    """Ask these people to review a submitted application. Raises UnfitReviewer, RoleNeeded, WrongState."""
    guards.in_state(application, State.SUBMITTED)
    guards.as_seen(application, version)
    workflow = guards.rules_of(application)
    guards.holds_role(by, workflow.triage_role)
    guards.not_own(application, by)
    if len({each.id for each in reviewers}) < workflow.reviewers:
        raise guards.UnfitReviewer(f"Choose {workflow.reviewers} different reviewers.")
    for reviewer in reviewers:
        guards.fit_to_review(application, reviewer, workflow.review_role)
    move(db, application, State.IN_REVIEW, review_began_at=now)
    for reviewer in reviewers:
        _ask(db, by=by, application=application, reviewer=reviewer, now=now)


def ask_another(db: Session, *, by: Account, application: Application, reviewer: Account, now: datetime) -> None:
    """Ask one more person, as when somebody stepped aside."""
    guards.in_state(application, State.IN_REVIEW)
    workflow = guards.rules_of(application)
    guards.holds_role(by, workflow.triage_role)
    guards.not_own(application, by)
    guards.fit_to_review(application, reviewer, workflow.review_role)
    touch(db, application)
    _ask(db, by=by, application=application, reviewer=reviewer, now=now)


def recommend(
    db: Session,
    *,
    by: Account,
    application: Application,
    recommendation: Recommendation,
    comments: str = "",
    conditions: Sequence[str] = (),
    now: datetime,
) -> Review:
    """Give one's recommendation, once, while the application is in review."""
    review = _place(application, by)
    review.state = ReviewState.GIVEN.value
    review.recommendation = Recommendation(recommendation).value
    review.comments = comments.strip()
    review.conditions = list(conditions)
    review.answered_at = now
    touch(db, application)
    detail = {"recommendation": review.recommendation, "conditions": len(review.conditions)}
    record(db, action="review.given", actor=acting(by), now=now, subject=application.id, detail=detail)
    return review


def step_aside(db: Session, *, by: Account, application: Application, conflict: str, now: datetime) -> Review:
    """Declare a conflict of interest. The reviewer then has no say in this application."""
    review = _place(application, by)
    review.state = ReviewState.STEPPED_ASIDE.value
    review.conflict = conflict.strip() or "A conflict of interest"
    review.answered_at = now
    touch(db, application)
    record(db, action="review.stepped-aside", actor=acting(by), now=now, subject=application.id)
    return review


def _place(application: Application, by: Account) -> Review:
    guards.in_state(application, State.IN_REVIEW)
    guards.not_own(application, by)
    review = guards.review_waiting(application, by)
    guards.holds_role(by, guards.rules_of(application).review_role)
    return review


def _ask(db: Session, *, by: Account, application: Application, reviewer: Account, now: datetime) -> None:
    application.reviews.append(Review(reviewer=reviewer, state=ReviewState.WAITING.value, asked_at=now))
    db.flush()
    detail = {"reviewer": reviewer.id}
    record(db, action="review.asked", actor=acting(by), now=now, subject=application.id, detail=detail)
