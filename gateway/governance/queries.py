"""Reading applications: whose they are, and what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from gateway.governance import guards
from gateway.governance.models import Application, Review, ReviewState, State
from gateway.people.models import Account


@dataclass(frozen=True, slots=True)
class Waiting:
    """An application that waits for somebody to do something, and since when."""

    application: Application
    what: str
    since: datetime


def application(db: Session, application_id: str) -> Application:
    """One application. Raises NotYours if there is none."""
    found = db.get(Application, application_id)
    if found is None:
        raise guards.NotYours
    return found


def application_seen_by(db: Session, application_id: str, account: Account, *, reads_all: bool) -> Application:
    """One application that this account may see: its own, its team's, or one to review.

    Those who read all see all but drafts. Raises NotYours.
    """
    found = application(db, application_id)
    if found.applicant_id == account.id:
        return found
    asked = any(each.reviewer_id == account.id for each in found.reviews)
    if found.state != State.DRAFT and (reads_all or asked or guards.on_team(found, account)):
        return found
    raise guards.NotYours


def applications_of(db: Session, account_id: str) -> Sequence[Application]:
    """Everything that this account applied for, newest first."""
    return db.scalars(_newest_first().where(Application.applicant_id == account_id)).all()


def applications_submitted(db: Session) -> Sequence[Application]:
    """Everything that was ever handed in, newest first."""
    return db.scalars(_newest_first().where(Application.submitted_at.is_not(None))).all()


def was_revised(db: Session, each: Application) -> bool:
    """Whether a new draft was made of this returned application."""
    return db.scalar(select(Application.id).where(Application.revises_id == each.id)) is not None


def _newest_first() -> Select[Application]:
    return select(Application).order_by(
        func.coalesce(Application.submitted_at, Application.started_at).desc(), Application.id
    )


def waiting_for(db: Session, account: Account) -> list[Waiting]:
    """What this account can do next as steward, reviewer or chair; the longest wait first."""
    open_ones = db.scalars(
        select(Application)
        .where(or_(Application.state == State.SUBMITTED, Application.state == State.IN_REVIEW))
        .options(selectinload(Application.reviews), selectinload(Application.applicant))
    ).all()
    found = [item for each in open_ones if (item := _waits(each, account)) is not None]
    return sorted(found, key=lambda item: item.since)


def _waits(each: Application, account: Account) -> Waiting | None:
    workflow = each.workflow
    if workflow is None or guards.on_team(each, account):
        return None
    roles = account.role_keys
    if each.state == State.SUBMITTED:
        if workflow.triage_role in roles and each.submitted_at:
            return Waiting(each, "Choose reviewers", each.submitted_at)
        return None
    mine = next((one for one in each.reviews if one.reviewer_id == account.id), None)
    if mine is not None and mine.state == ReviewState.WAITING and workflow.review_role in roles:
        return Waiting(each, "Give your recommendation", mine.asked_at)
    if len(each.reviews_given) >= workflow.quorum and can_decide(each, account):
        return Waiting(each, "Decide", max(one.answered_at for one in each.reviews_given if one.answered_at))
    if lacks_reviewers(each) and workflow.triage_role in roles:
        aside = [one.answered_at for one in each.reviews if one.state == ReviewState.STEPPED_ASIDE]
        return Waiting(each, "Ask another reviewer", max(one for one in aside if one))
    return None


def can_decide(each: Application, account: Account) -> bool:
    """Whether this account may decide, once the quorum is in."""
    try:
        guards.may_decide(each, account)
    except (guards.OwnApplication, guards.RoleNeeded, guards.ReviewedIt, guards.WrongState):
        return False
    return True


def lacks_reviewers(each: Application) -> bool:
    """Whether so many stepped aside that the quorum cannot be reached."""
    workflow = each.workflow
    in_play = sum(one.state != ReviewState.STEPPED_ASIDE for one in each.reviews)
    return workflow is not None and each.state == State.IN_REVIEW and in_play < workflow.quorum


def review_of(each: Application, account: Account) -> Review | None:
    """This account's place among the reviewers."""
    return next((one for one in each.reviews if one.reviewer_id == account.id), None)


def reviews_seen_by(each: Application, account: Account, *, reads_all: bool) -> list[Review]:
    """The reviews that this account may read.

    None on one's own project; only one's own place until one has answered, so that each judges alone.
    """
    if guards.on_team(each, account):
        return []
    mine = review_of(each, account)
    if reads_all and (mine is None or mine.state != ReviewState.WAITING):
        return list(each.reviews)
    return [mine] if mine is not None else []


def possible_reviewers(db: Session, each: Application, role: str) -> list[Account]:
    """Accounts that may be asked to review it, by name."""
    accounts = db.scalars(select(Account).order_by(Account.name, Account.id)).all()
    fit = []
    for account in accounts:
        try:
            guards.fit_to_review(each, account, role)
        except guards.UnfitReviewer:
            continue
        fit.append(account)
    return fit
