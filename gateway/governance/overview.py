"""What waits for whom and for how long, over all open applications, and how long decisions take.

An application that one is part of, or has a conflict of interest in, is not told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from gateway.governance import guards, progress
from gateway.governance.desk import days_since
from gateway.governance.models import (
    Appeal,
    AppealState,
    Application,
    Decision,
    Review,
    ReviewState,
    SiteConsent,
    State,
    Vote,
)
from gateway.governance.queries import applications_with
from gateway.governance.queue import last_answer, not_own
from gateway.governance.workflow import Ballot, ReviewGroup, Sites, Stage
from gateway.paging import ON_A_PAGE, Page
from gateway.people.models import Account
from gateway.settings import current

LOOKS_BACK = timedelta(days=365)
NAMES = (selectinload(Application.reviews).selectinload(Review.reviewer),
         selectinload(Application.sites).selectinload(SiteConsent.site))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that somebody has to do: who (a role, a site or a person), what, for how many days, and if too long."""

    whom: str
    what: str
    days: int
    overdue: bool


@dataclass(frozen=True, slots=True)
class Open:
    """An application, how many days ago its last step was, and what it waits for."""

    application: Application
    days: int
    waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many applications wait for somebody, and in how many of them nothing has come in for `review_days`."""

    open: int
    still: int


@dataclass(frozen=True, slots=True)
class Pace:
    """The median days from submission to decision, of so many decisions in a year."""

    median_days: float | None
    decided: int


def overview(db: Session, *, account: Account, page: int, now: datetime) -> Page[Open]:
    """A page of what waits, the longest without a step first. Index: ix_application_state."""
    asked = _waiting(account, Application.id).order_by(_last_step(), Application.id)
    ids = db.scalars(asked.offset((page - 1) * ON_A_PAGE).limit(ON_A_PAGE + 1)).all()
    shown = ids[:ON_A_PAGE]
    found = sorted(applications_with(db, shown, *NAMES), key=lambda each: shown.index(each.id))
    rows = [_open(each, now) for each in found if not guards.on_team(each, account)]
    return Page(rows, page, len(ids) > ON_A_PAGE)


def totals(db: Session, *, account: Account, now: datetime) -> Totals:
    """Over all pages. Index: ix_application_state."""
    late = _last_step() <= now - timedelta(days=current().review_days)
    row = db.execute(_waiting(account, func.count(), func.count(case((late, 1))))).one()
    return Totals(*row)


def unmoved(db: Session, now: datetime) -> Sequence[Application]:
    """Submitted, or in review, and nothing came in for `review_days`. Index: ix_application_state."""
    late = _last_step() <= now - timedelta(days=current().review_days)
    open_ = Application.state.in_((State.SUBMITTED, State.IN_REVIEW))
    return db.scalars(select(Application).outerjoin(Appeal).where(open_, late).order_by(Application.id)).all()


def pace(db: Session, *, now: datetime) -> Pace:
    """Of the decisions of the last year. Index: pk_decision."""
    asked = (
        select(Decision.decided_at, Application.submitted_at)
        .join(Application, Application.id == Decision.application_id)
        .where(Decision.decided_at > now - LOOKS_BACK, Application.submitted_at.is_not(None))
    )
    lasted = [(row.decided_at - row.submitted_at).total_seconds() / 86_400 for row in db.execute(asked)]
    return Pace(round(median(lasted), 1) if lasted else None, len(lasted))


def _waiting(account: Account, *what: Any) -> Any:
    heard = and_(Application.state == State.REJECTED, Appeal.state == AppealState.WAITING)
    open_ = Application.state.in_((State.SUBMITTED, State.IN_REVIEW))
    return select(*what).select_from(Application).outerjoin(Appeal).where(or_(open_, heard), *not_own(account))


def _last_step() -> ColumnElement[datetime]:
    """When the last thing came in."""
    voted = select(func.max(Vote.cast_at)).where(Vote.application_id == Application.id).correlate(Application)
    last, cast = last_answer(), func.coalesce(voted.scalar_subquery(), Application.review_began_at)
    begun: Any = case((cast > last, cast), else_=last)
    by_state = (Application.state == State.SUBMITTED, Application.submitted_at)
    return case(by_state, (Application.state == State.REJECTED, Appeal.made_at), else_=begun)


def _open(each: Application, now: datetime) -> Open:
    most, last = current().review_days, _last(each)
    found = [(whom, what, days_since(since, now)) for whom, what, since in _waits(each, last)]
    waits = tuple(Wait(whom, what, days, overdue=days >= most) for whom, what, days in found)
    return Open(each, days_since(last, now), waits)


def _last(each: Application) -> datetime:
    """As `_last_step`."""
    if each.appeal is not None and each.state == State.REJECTED:
        return each.appeal.made_at
    reviews = [one.answered_at for one in each.reviews if one.answered_at]
    sites = [one.answered_at for one in each.sites if one.answered_at]
    votes = [one.cast_at for one in each.votes]
    return max([each.review_began_at or each.submitted_at or each.started_at, *reviews, *sites, *votes])


def _waits(each: Application, last: datetime) -> Iterator[tuple[str, str, datetime]]:
    rules = guards.rules_of(each)
    if each.state == State.REJECTED:
        yield rules.appeal.role if rules.appeal else rules.decision.role, "Hear the appeal", last
        return
    if each.state == State.SUBMITTED:
        yield rules.triage.role, "Choose the reviewers", last
        return
    if progress.lacking(each):
        yield rules.triage.role, "Ask another reviewer", last
    for stage in (*rules.between, rules.decision):
        if progress.is_open(each, stage):
            yield from _waits_at(each, stage, last)


def _waits_at(each: Application, stage: Stage, last: datetime) -> Iterator[tuple[str, str, datetime]]:
    match stage:
        case ReviewGroup():
            for review in _reviews_waiting(each, stage):
                yield review.reviewer.name, stage.title, review.asked_at
        case Sites():
            for consent in progress.sites_waiting(each):
                yield consent.site.name, "Answer for its slides", consent.asked_at
        case Ballot():
            if progress.missing_at(each, stage):
                yield stage.role, f"Vote: {len(each.votes)} of {stage.quorum} votes are in", last
        case _:
            yield stage.role, "Decide", last


def _reviews_waiting(each: Application, group: ReviewGroup) -> list[Review]:
    """None once the quorum is in."""
    waiting = [one for one in each.reviews if one.group == group.key and one.state == ReviewState.WAITING]
    return waiting if progress.missing_at(each, group) else []
