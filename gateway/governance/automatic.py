"""What a workflow does by itself after a time: remind, close what nobody touches, choose reviewers. It never decides.

The system does it, and the record says so. See `Automatic` in `workflow.py` for what a rule may say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.db import reading, transaction
from gateway.governance import guards, reviewing, telling
from gateway.governance.models import Application, Review, ReviewState, State
from gateway.governance.states import move
from gateway.governance.workflow import Automatic, BadWorkflow, ReviewGroup, Then, When, read_workflow
from gateway.jobs.rounds import go_round
from gateway.people import queries as people
from gateway.people.models import Account
from gateway.settings import current
from gateway.trail.record import SYSTEM, record

WARNS = timedelta(days=14)  # before a draft is closed
LONGEST = timedelta(days=1000)  # what was returned longer ago is left alone
log = structlog.get_logger("gateway.governance.automatic")
STATES = (State.DRAFT, State.SUBMITTED, State.RETURNED)


@go_round(every=600)
def automatic(now: datetime) -> None:
    """Do what is due, each in a transaction of its own: one that cannot be done holds up no other."""
    with reading() as db:
        ids = waiting(db, now)
    for each in ids:
        try:
            with transaction() as db:
                do_what_is_due(db, application=db.get_one(Application, each), now=now)
        except guards.ChangedMeanwhile:
            continue  # somebody was faster; the next round looks again
        except BadWorkflow as error:  # as of an old draft whose workflow is there no more
            log.error("nothing-by-itself", application=each, code=error.code)


def waiting(db: Session, now: datetime) -> Sequence[str]:
    """Ids of the applications of which anything could be due. Index: ix_application_state."""
    recent = func.coalesce(Application.closed_at, Application.started_at) > now - LONGEST
    found = select(Application.id).where(Application.state.in_(STATES), recent)
    return db.scalars(found.order_by(Application.started_at, Application.id)).all()


def do_what_is_due(db: Session, *, application: Application, now: datetime) -> None:
    """Whatever the rules of the application's workflow say by now; a second time does nothing more."""
    for rule in _rules(application):
        DOES[rule.when](db, application, rule, now)


def _rules(application: Application) -> Sequence[Automatic]:
    """Of the workflow that it was submitted under, or for a draft the one that it would be."""
    found = application.workflow
    if found is None:
        found = read_workflow(current().policies_dir, application.form.workflow)
    return found.automatic


def _untouched(db: Session, application: Application, rule: Automatic, now: datetime) -> None:
    if application.state != State.DRAFT:
        return
    touched = _touched(application)
    due, once = touched + timedelta(days=rule.days), f"untouched-{touched:%Y%m%d%H%M%S}"
    if rule.then == Then.REMIND:
        if now >= due:
            telling.untouched(db, application=application, days=rule.days, once=once, now=now)
    elif now >= due - WARNS:
        due = max(due, (telling.told_of_closing(db, application=application, once=once) or now) + WARNS)
        if now >= due or not telling.can_be_told(application):
            _close(db, application, rule, now)
        else:
            telling.about_to_close(db, application=application, due=due, once=once, now=now)


def _touched(draft: Application) -> datetime:
    return draft.touched_at or draft.started_at


def _not_changed(db: Session, application: Application, rule: Automatic, now: datetime) -> None:
    closed = application.closed_at
    if application.state != State.RETURNED or closed is None or now < closed + timedelta(days=rule.days):
        return
    revision = db.scalar(select(Application).where(Application.revises_id == application.id))
    if revision is not None and revision.state != State.DRAFT:
        return
    if rule.then == Then.WITHDRAW:
        if revision is not None and now >= _touched(revision) + timedelta(days=rule.days):
            _close(db, revision, rule, now)
        return
    telling.not_changed(db, application=application, days=rule.days, now=now)


def _submitted(db: Session, application: Application, rule: Automatic, now: datetime) -> None:
    """Ask so many of each group as its stage says, those first who have the fewest reviews to give; or leave it."""
    handed_in = application.submitted_at
    if application.state != State.SUBMITTED or handed_in is None or now < handed_in + timedelta(days=rule.days):
        return
    chosen: dict[str, list[Account]] = {}
    for group in guards.rules_of(application).groups:
        taken = {each.id for others in chosen.values() for each in others}
        fit = [each for each in _by_load(db, group) if each.id not in taken and _is_fit(application, each, group)]
        chosen[group.key] = fit[: group.reviewers]
        if len(chosen[group.key]) < group.reviewers:
            return  # a steward finds others
    reviewing.begin_by_itself(db, application=application, reviewers=chosen, now=now)


def _by_load(db: Session, group: ReviewGroup) -> list[Account]:
    waits = select(Review.reviewer_id, func.count()).where(Review.state == ReviewState.WAITING)
    load = {row[0]: row[1] for row in db.execute(waits.group_by(Review.reviewer_id))}
    return sorted(people.holders(db, group.role), key=lambda each: (load.get(each.id, 0), each.id))


def _is_fit(application: Application, account: Account, group: ReviewGroup) -> bool:
    try:
        guards.fit_to_review(application, account, group.role)
    except guards.UnfitReviewer:
        return False
    return True


def _close(db: Session, application: Application, rule: Automatic, now: datetime) -> None:
    move(db, application, State.WITHDRAWN, closed_at=now)
    detail = {"automatic": rule.when.value, "days": rule.days}
    record(db, action="application.withdrawn", actor=SYSTEM, now=now, subject=application.id, detail=detail)
    telling.closed_by_itself(db, application=application, days=rule.days, now=now)


DOES: dict[When, Callable[[Session, Application, Automatic, datetime], None]] = {
    When.DRAFT_UNTOUCHED: _untouched,
    When.CHANGE_NOT_MADE: _not_changed,
    When.SUBMITTED: _submitted,
}
