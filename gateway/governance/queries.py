"""Reading applications: whose they are, and what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from gateway.catalogue import custodians
from gateway.governance import guards
from gateway.governance.models import Application, Invitation, Review, ReviewState, State
from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.projects.models import Project

WITH: tuple[Any, ...] = (
    Application.reviews,
    Application.sites,
    Application.votes,
    Application.conflicts,
    Application.invitations,
    Application.workflow_text,
    Application.appeal,
    Application.decision,
)
SHORT = 8  # characters of an id that make its reference
TOLD: tuple[Any, ...] = (selectinload(Application.applicant), selectinload(Application.form_text))


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


def applications_of(db: Session, account_id: str, page: int = 1) -> Page[Application]:
    """What this account applied for, alone or with others, newest first. Index: ix_application_applicant_id."""
    return page_of(db, _newest_first().where(_is_of(account_id)), page)


def applications_of_others(db: Session, account_id: str, page: int = 1, *, called: str = "") -> Page[Application]:
    """What anybody else ever handed in, newest first. Index: ix_application_newest.

    `called`: only those of this reference, ours or an outside one. Index: ix_application_external_id.
    """
    handed_in = [Application.submitted_at.is_not(None), Application.applicant_id != account_id]
    if called.strip():
        handed_in.append(_is_called(called.strip()))
    newest = Application.submitted_at.desc(), Application.id
    return page_of(db, select(Application).where(*handed_in).order_by(*newest).options(*TOLD), page)


def applications_seen_by(
    db: Session, account_id: str, page: int, *, reads_all: bool, called: str = ""
) -> Page[Application]:
    """What this account may list, newest first. Index: ix_application_newest."""
    mine = _is_of(account_id)
    seen = or_(mine, Application.submitted_at.is_not(None)) if reads_all else mine
    if called.strip():
        seen = and_(seen, _is_called(called.strip()))
    return page_of(db, _newest_first().where(seen).options(*map(selectinload, WITH)), page)


def _is_called(reference: str) -> ColumnElement[bool]:
    ours = reference.replace("-", "").lower()
    of_ours = Application.id.startswith(ours, autoescape=True) if len(ours) == SHORT else false()
    return or_(Application.external_id == reference, of_ours)


def counted(db: Session, account_id: str) -> dict[str, int]:
    """How many of the account's applications are in each state; those that were returned only if not taken up again."""
    again = aliased(Application)
    taken_up = select(again.id).where(again.revises_id == Application.id).exists()
    open_ = or_(Application.state != State.RETURNED, ~taken_up)
    asked = select(Application.state, func.count()).where(_is_of(account_id), open_).group_by(Application.state)
    return {row[0]: row[1] for row in db.execute(asked)}


def _is_of(account_id: str) -> ColumnElement[bool]:
    joined = select(Invitation.application_id).where(Invitation.accepted_by_id == account_id)
    return or_(Application.applicant_id == account_id, Application.id.in_(joined))


def _newest_first() -> Select[Application]:
    newest = func.coalesce(Application.submitted_at, Application.started_at).desc()
    return select(Application).order_by(newest, Application.id).options(*TOLD)


def applications_with(db: Session, ids: Sequence[str], *named: Any) -> Sequence[Application]:
    """Those of some ids, with all that it takes to say whom they wait for, and whatever else is named."""
    found = select(Application).where(Application.id.in_(ids))
    before, project = selectinload(Application.revises), selectinload(Application.changes)
    more = (before.options(*map(selectinload, WITH)), project.selectinload(Project.memberships))
    return db.scalars(found.options(*map(selectinload, WITH), *TOLD, *more, *named)).all()


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
