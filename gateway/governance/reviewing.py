"""What stewards and reviewers do: begin the review, ask another, recommend, step aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.catalogue import queries as catalogue
from gateway.governance import guards, progress, telling
from gateway.governance.committee import declare_conflict
from gateway.governance.models import (
    Application,
    Recommendation,
    Review,
    ReviewState,
    SiteAnswer,
    SiteConsent,
    State,
)
from gateway.governance.states import move, touch
from gateway.governance.workflow import ReviewGroup
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import SYSTEM, Actor, record


def begin_review(
    db: Session,
    *,
    by: Account,
    application: Application,
    reviewers: Mapping[str, Sequence[Account]],
    now: datetime,
    version: int | None = None,
) -> None:
    """Ask these people, by review group, to review a submitted application, and the sites for their answer.

    Raises UnfitReviewer, RoleNeeded, WrongState. Nobody reviews in two groups.
    """
    guards.in_state(application, State.SUBMITTED)
    guards.as_seen(application, version)
    workflow = guards.rules_of(application)
    guards.may_judge(application, by, workflow.triage.role)
    guards.has_declared(application, by)
    _begin(db, by=acting(by), triaged_by_id=by.id, application=application, reviewers=reviewers, now=now)


def begin_by_itself(
    db: Session, *, application: Application, reviewers: Mapping[str, Sequence[Account]], now: datetime
) -> None:
    """The same where the workflow chooses the reviewers (`automatic`): the system does it, and nobody triaged it."""
    guards.in_state(application, State.SUBMITTED)
    _begin(db, by=SYSTEM, triaged_by_id=None, application=application, reviewers=reviewers, now=now)


def _begin(
    db: Session,
    *,
    by: Actor,
    triaged_by_id: str | None,
    application: Application,
    reviewers: Mapping[str, Sequence[Account]],
    now: datetime,
) -> None:
    workflow = guards.rules_of(application)
    for group in workflow.groups:
        chosen = reviewers.get(group.key, ())
        if len({each.id for each in chosen}) < group.reviewers:
            raise guards.UnfitReviewer(f"{group.title}: choose {group.reviewers} different reviewers.")
        for reviewer in chosen:
            guards.fit_to_review(application, reviewer, group.role)
    everybody = [each.id for chosen in reviewers.values() for each in chosen]
    if set(reviewers) - {each.key for each in workflow.groups} or len(set(everybody)) < len(everybody):
        raise guards.UnfitReviewer("Nobody can review in two groups.")
    move(db, application, State.IN_REVIEW, review_began_at=now, triaged_by_id=triaged_by_id)
    detail = {"reviewers": len(everybody)}
    record(db, action="application.in-review", actor=by, now=now, subject=application.id, detail=detail)
    for group in workflow.groups:
        for reviewer in reviewers[group.key]:
            _ask(db, by=by, application=application, group=group.key, reviewer=reviewer, now=now)
    if workflow.sites is not None:
        _ask_sites(db, application=application, now=now)


def ask_another(
    db: Session, *, by: Account, application: Application, group: str, reviewer: Account, now: datetime
) -> None:
    """Ask one more person for a review group, as when somebody stepped aside."""
    guards.in_state(application, State.IN_REVIEW)
    workflow = guards.rules_of(application)
    guards.may_judge(application, by, workflow.triage.role)
    guards.has_declared(application, by)
    asked = workflow.group(group)
    if asked is None:
        raise guards.UnfitReviewer("There is no such group of reviewers.")
    guards.fit_to_review(application, reviewer, asked.role)
    touch(db, application)
    _ask(db, by=acting(by), application=application, group=group, reviewer=reviewer, now=now)


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
    review, group = _place(application, by)
    guards.has_declared(application, by)
    review.state = ReviewState.GIVEN.value
    review.recommendation = Recommendation(recommendation).value
    review.comments = comments.strip()
    review.conditions = list(conditions)
    review.answered_at = now
    touch(db, application)
    detail = {"recommendation": review.recommendation, "conditions": len(review.conditions)}
    record(db, action="review.given", actor=acting(by), now=now, subject=application.id, detail=detail)
    telling.came_in(db, application=application, stage=group, now=now)
    return review


def step_aside(db: Session, *, by: Account, application: Application, conflict: str, now: datetime) -> None:
    """Declare a conflict of interest instead of a recommendation."""
    _place(application, by)
    declare_conflict(db, by=by, application=application, why=conflict, now=now)


def _place(application: Application, by: Account) -> tuple[Review, ReviewGroup]:
    guards.in_state(application, State.IN_REVIEW)
    guards.not_own(application, by)
    review = guards.review_waiting(application, by)
    group = guards.rules_of(application).group(review.group)
    if group is None:
        raise guards.NotAsked
    guards.may_judge(application, by, group.role)
    progress.has_begun(application, group)
    return review, group


def _ask(db: Session, *, by: Actor, application: Application, group: str, reviewer: Account, now: datetime) -> None:
    place = Review(
        reviewer=reviewer, group=group, state=ReviewState.WAITING.value, asked_at=now, asked_by_id=by.id or None
    )
    application.reviews.append(place)
    db.flush()
    detail = {"reviewer": reviewer.id, "group": group}
    record(db, action="review.asked", actor=by, now=now, subject=application.id, detail=detail)
    asked = guards.rules_of(application).group(group)
    if asked is not None and progress.is_open(application, asked):  # else once it is
        telling.asked_to_review(db, application=application, reviewer=reviewer, now=now)


def _ask_sites(db: Session, *, application: Application, now: datetime) -> None:
    """One question to each site whose slides are asked for."""
    asked = {each.site_id for each in catalogue.datasets(db) if each.slug in application.dataset_slugs}
    for site_id in sorted(asked):
        application.sites.append(SiteConsent(site_id=site_id, state=SiteAnswer.WAITING.value, asked_at=now))
    db.flush()
    stage = guards.rules_of(application).sites
    if stage is not None and progress.is_open(application, stage):
        telling.asked_for_sites(db, application=application, stage=stage, now=now)
