"""Reading applications: whose they are, and what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from gateway.catalogue import custodians
from gateway.governance import guards
from gateway.governance.models import Application, Invitation, Review, ReviewState, State
from gateway.people.models import Account

WITH: tuple[Any, ...] = (
    Application.reviews,
    Application.applicant,
    Application.sites,
    Application.votes,
    Application.conflicts,
    Application.invitations,
)


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
    if found.applicant_id == account.id or account in found.co_applicants:
        return found
    asked = any(each.reviewer_id == account.id for each in found.reviews) or _has_a_say(db, found, account)
    if found.state != State.DRAFT and (reads_all or asked or guards.on_team(found, account)):
        return found
    raise guards.NotYours


def _has_a_say(db: Session, found: Application, account: Account) -> bool:
    """Whether the account votes on the application, or answers for one of its sites."""
    workflow = found.workflow
    if workflow is None:
        return False
    if workflow.ballot is not None and workflow.ballot.role in account.role_keys:
        return True
    asked = {each.site_id for each in found.sites}
    return bool(asked) and any(each.id in asked for each in custodians.sites_of(db, account.id))


def applications_of(db: Session, account_id: str) -> Sequence[Application]:
    """Everything that this account applied for, alone or with others, newest first."""
    joined = select(Invitation.application_id).where(Invitation.accepted_by_id == account_id)
    mine = or_(Application.applicant_id == account_id, Application.id.in_(joined))
    return db.scalars(_newest_first().where(mine)).all()


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


def open_applications(db: Session) -> Sequence[Application]:
    """Everything that is submitted or in review. Index: ix_application_state."""
    return db.scalars(
        select(Application)
        .where(or_(Application.state == State.SUBMITTED, Application.state == State.IN_REVIEW))
        .options(*map(selectinload, WITH))
    ).all()


def can_decide(each: Application, account: Account) -> bool:
    """Whether this account may decide, once the quorum is in."""
    try:
        guards.may_decide(each, account)
    except (guards.OwnApplication, guards.RoleNeeded, guards.ReviewedIt, guards.WrongState):
        return False
    return True


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
    if any(one.account_id == account.id for one in each.conflicts):
        return [mine] if mine is not None else []
    if (reads_all or _votes(each, account)) and (mine is None or mine.state != ReviewState.WAITING):
        return list(each.reviews)
    return [mine] if mine is not None else []


def _votes(each: Application, account: Account) -> bool:
    workflow = each.workflow
    return workflow is not None and workflow.ballot is not None and workflow.ballot.role in account.role_keys


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
