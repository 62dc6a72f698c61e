"""Which applications wait for whom, as one question to the database: `desk` then says of each what it asks.

It finds every application that has something to do for an account, and a few more: whoever is named on a team only by
their address has no part in it, and only `desk` sees that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, or_, select, union_all
from sqlalchemy.orm import Session

from gateway.catalogue import custodians
from gateway.governance.models import (
    Appeal,
    AppealState,
    Application,
    Conflict,
    Invitation,
    PolicyText,
    Review,
    ReviewState,
    SiteAnswer,
    SiteConsent,
    State,
    Vote,
)
from gateway.governance.workflow import (
    Ballot,
    Deciding,
    ReviewGroup,
    Sites,
    Stage,
    Triage,
    Workflow,
    parse_workflow,
)
from gateway.paging import ON_A_PAGE
from gateway.people.models import Account
from gateway.projects.models import Membership

Branch = Select[str, Any]
HERE = Application.id


@dataclass(frozen=True, slots=True)
class Queue:
    """The ids on one page, the longest wait first; how many there are in all, and since when the first one waits."""

    ids: tuple[str, ...]
    total: int


def queue(db: Session, account: Account, page: int = 1, most: int = ON_A_PAGE) -> Queue:
    """What may wait for this account. Indexes: ix_application_state, ix_review_reviewer_id, ix_appeal_state."""
    branches = list(_branches(db, account))
    if not branches:
        return Queue((), 0)
    found = union_all(*branches).subquery()
    once = (
        select(found.c.id, func.count().over())
        .join(Application, Application.id == found.c.id)
        .where(*not_own(account))
        .group_by(found.c.id)
        .order_by(func.min(found.c.since), found.c.id)
    )
    rows = db.execute(once.offset((page - 1) * most).limit(most)).all()
    return Queue(tuple(row[0] for row in rows), rows[0][1] if rows else 0)


def not_own(account: Account) -> tuple[ColumnElement[bool], ...]:
    """Nothing that the account is part of as the tables tell, or has a conflict in."""
    accepted = select(1).where(Invitation.application_id == HERE, Invitation.accepted_by_id == account.id)
    conflict = select(1).where(Conflict.application_id == HERE, Conflict.account_id == account.id)
    member = select(1).where(Membership.project_id == Application.changes_id, Membership.account_id == account.id)
    others = Application.applicant_id != account.id
    return (others, *(~each.exists() for each in (accepted, conflict, member)))


def _branches(db: Session, account: Account) -> Iterator[Branch]:
    """What the account can do under each of the rules that open applications were submitted under."""
    open_ = Application.state.in_((State.SUBMITTED, State.IN_REVIEW))
    appealed = select(1).where(Appeal.application_id == HERE, Appeal.state == AppealState.WAITING).exists()
    used = select(Application.workflow_sha256).where(or_(open_, and_(Application.state == State.REJECTED, appealed)))
    texts = db.execute(select(PolicyText.sha256, PolicyText.source).where(PolicyText.sha256.in_(used.distinct())))
    sites = [each.id for each in custodians.sites_of(db, account.id)]
    for sha256, source in texts:
        rules = parse_workflow(source)
        under = Application.workflow_sha256 == sha256
        for stage in rules.stages:
            if stage.role in account.role_keys:
                yield from _at(stage, rules, under, account, sites)
        if rules.appeal is not None and rules.appeal.role in account.role_keys:
            waits = under, Appeal.state == AppealState.WAITING
            yield select(HERE.label("id"), Appeal.made_at.label("since")).join(Appeal).where(*waits)


def _at(
    stage: Stage, rules: Workflow, under: ColumnElement[bool], account: Account, sites: list[str]
) -> Iterator[Branch]:
    """What somebody with the role of a stage can do at it."""
    begun = under, Application.state == State.IN_REVIEW, *map(_done, rules.before(stage))
    reviewing = select(HERE.label("id"), last_answer().label("since")).where(*begun)
    match stage:
        case Triage():
            submitted = under, Application.state == State.SUBMITTED
            yield select(HERE.label("id"), Application.submitted_at.label("since")).where(*submitted)
            yield reviewing.where(or_(*(_reviews(each.key, given=False) < each.quorum for each in rules.groups)))
        case ReviewGroup():
            mine = Review.reviewer_id == account.id, Review.group == stage.key, Review.state == ReviewState.WAITING
            yield select(HERE.label("id"), Review.asked_at.label("since")).join(Review).where(*begun, *mine)
        case Sites():
            own = SiteConsent.site_id.in_(sites), SiteConsent.state == SiteAnswer.WAITING
            yield select(HERE.label("id"), SiteConsent.asked_at.label("since")).join(SiteConsent).where(*begun, *own)
        case Ballot():
            yield reviewing.where(~_voted(account), *_unless(stage.may_have_reviewed, _reviewed(account)))
        case Deciding():
            yield reviewing.where(*_had_no_other_part(stage, account))


def _done(stage: Stage) -> ColumnElement[bool]:
    """Whether a stage waits for nothing any more; see `progress.missing_at`."""
    match stage:
        case ReviewGroup():
            return _reviews(stage.key, given=True) >= stage.quorum
        case Ballot():
            return _votes() >= stage.quorum
        case _:
            return ~_sites_waiting()


def _had_no_other_part(stage: Deciding, account: Account) -> Iterator[ColumnElement[bool]]:
    yield from _unless(stage.may_have_triaged, Application.triaged_by_id == account.id)
    yield from _unless(stage.may_have_voted, _voted(account))
    yield from _unless(stage.may_have_reviewed, _reviewed(account))


def _unless(allowed: bool, part: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:  # a policy says it
    return () if allowed else (~part,)


def _voted(account: Account) -> ColumnElement[bool]:
    return select(1).where(Vote.application_id == HERE, Vote.account_id == account.id).exists()


def _reviewed(account: Account) -> ColumnElement[bool]:
    here = Review.application_id == HERE, Review.reviewer_id == account.id, Review.state == ReviewState.GIVEN
    return select(1).where(*here).exists()


def _reviews(group: str, *, given: bool) -> ScalarSelect[int]:
    """How many of a group gave their review, or still may."""
    state = Review.state == ReviewState.GIVEN if given else Review.state != ReviewState.STEPPED_ASIDE
    counted = select(func.count()).where(Review.application_id == HERE, Review.group == group, state)
    return counted.correlate(Application).scalar_subquery()


def _votes() -> ScalarSelect[int]:
    return select(func.count()).where(Vote.application_id == HERE).correlate(Application).scalar_subquery()


def _sites_waiting() -> ColumnElement[bool]:
    here = SiteConsent.application_id == HERE, SiteConsent.state == SiteAnswer.WAITING
    return select(1).where(*here).exists()


def last_answer() -> Any:
    """When the last review or site came in; when the review began, if none has."""
    reviewed = select(func.max(Review.answered_at)).where(Review.application_id == HERE)
    answered = select(func.max(SiteConsent.answered_at)).where(SiteConsent.application_id == HERE)
    began = Application.review_began_at
    first, second = (
        func.coalesce(each.correlate(Application).scalar_subquery(), began) for each in (reviewed, answered)
    )
    return case((first > second, first), else_=second)
