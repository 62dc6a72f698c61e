"""What lies before somebody on a review page: what is asked of them, since when, and what is filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from gateway.catalogue import custodians
from gateway.errors import Forbidden
from gateway.governance import appealing, guards, progress
from gateway.governance.committee import sites_to_answer
from gateway.governance.models import Application, Review, ReviewState, State
from gateway.governance.queries import applications_with, can_decide, review_of
from gateway.governance.queue import queue
from gateway.governance.workflow import Workflow
from gateway.paging import ON_A_PAGE, Page
from gateway.people.models import Account

Ask = Literal["triage", "recommend", "site", "vote", "decide", "appeal", "nothing"]


@dataclass(frozen=True, slots=True)
class Desk:
    """What this account is asked about this application since when; if nothing, why."""

    asks: Ask
    words: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An application that waits for somebody to do something, and since when."""

    application: Application
    what: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Waits:
    """A page of what waits for somebody, and how much it is in all."""

    page: Page[Waiting]
    total: int


def waiting_for(db: Session, account: Account, page: int = 1) -> Waits:
    """What this account can do next in any of its roles, one page of it; the longest wait first."""
    found = queue(db, account, page)
    sites = frozenset(each.id for each in custodians.sites_of(db, account.id))
    rows = []
    for each in applications_with(db, found.ids):
        before = desk(db, each, account, sites=sites)
        if before.since is not None:
            rows.append(Waiting(each, before.words, before.since))
    rows.sort(key=lambda item: item.since)
    more = found.total > page * ON_A_PAGE
    return Waits(Page(rows, page, more), found.total if more or page > 1 else len(rows))


def desk(db: Session, each: Application, account: Account, *, sites: Collection[str] | None = None) -> Desk:
    """The first thing that this account has to do about this application now, or why there is none.

    `sites`: ids of those that it answers for, where somebody knows them already.
    """
    if guards.on_team(each, account):
        return Desk("nothing", guards.OwnApplication.title + ".")
    if hears := _hears(each, account):
        return hears
    if each.state not in (State.SUBMITTED, State.IN_REVIEW):
        return Desk("nothing", guards.SENTENCES[State(each.state)] + ".")
    if any(one.account_id == account.id for one in each.conflicts):
        return Desk("nothing", guards.Conflicted.title + ".")
    workflow = guards.rules_of(each)
    mine = [one.id for one in custodians.sites_of(db, account.id)] if sites is None else sites
    found = next(_asks(each, account, workflow, mine), None)
    return found or Desk("nothing", _why_nothing(each, account))


def _hears(each: Application, account: Account) -> Desk | None:
    if each.appeal is None:
        return None
    try:
        found = appealing.may_hear(each, account)
    except (Forbidden, appealing.NoAppeal):
        return None
    return Desk("appeal", "Hear the appeal", found.made_at)


def _asks(each: Application, account: Account, workflow: Workflow, mine: Collection[str]) -> Iterator[Desk]:
    roles = account.role_keys
    if each.state == State.SUBMITTED:
        if workflow.triage.role in roles:
            yield Desk("triage", "Choose reviewers", each.submitted_at)
        return
    place = review_of(each, account)
    if place is not None and place.state == ReviewState.WAITING and _may_review(each, account, place):
        yield Desk("recommend", "Give your recommendation", place.asked_at)
    if sites := sites_to_answer(each, account, mine):
        yield Desk("site", f"Answer for {sites[0].site.name}", sites[0].asked_at)
    if _may_vote(each, account, workflow):
        yield Desk("vote", "Vote", _last_answer(each))
    if can_decide(each, account) and not progress.missing(each):
        yield Desk("decide", "Decide", max([_last_answer(each), *(one.cast_at for one in each.votes)]))
    if progress.lacking(each) and workflow.triage.role in roles:
        yield Desk("triage", "Ask another reviewer", _last_answer(each))


def _may_review(each: Application, account: Account, place: Review) -> bool:
    group = guards.rules_of(each).group(place.group)
    return group is not None and group.role in account.role_keys and progress.is_open(each, group)


def _may_vote(each: Application, account: Account, workflow: Workflow) -> bool:
    if workflow.ballot is None or not progress.is_open(each, workflow.ballot):
        return False
    try:
        guards.may_vote(each, account, workflow.ballot)
    except Forbidden:
        return False
    return all(one.account_id != account.id for one in each.votes)


def _last_answer(each: Application) -> datetime:
    """When the last review or site came in; when the review began, if none has."""
    reviews = [one.answered_at for one in each.reviews if one.answered_at]
    sites = [one.answered_at for one in each.sites if one.answered_at]
    return max([each.review_began_at or each.started_at, *reviews, *sites])


def _why_nothing(each: Application, account: Account) -> str:
    if each.state == State.SUBMITTED:
        return "A data steward chooses the reviewers first."
    place = review_of(each, account)
    if place is not None and place.state == ReviewState.WAITING:
        return "Your review comes later. " + " ".join(progress.missing(each)[:1])
    if place is not None or any(one.account_id == account.id for one in each.votes):
        return "You have answered. The chair decides when everything is in."
    return " ".join(progress.missing(each)) or "Everything is in. The chair decides."


def proposed_decision(each: Application, today: date) -> dict[str, Any]:
    """What the chair finds filled in: the conditions the reviewers asked for, and the months applied for."""
    conditions = dict.fromkeys(one for review in each.reviews_given for one in review.conditions)
    return {"conditions": "\n".join(conditions), "ends_on": proposed_last_day(each, today).isoformat()}


def proposed_last_day(each: Application, today: date) -> date:
    """The last day if access lasts as long as applied for, within the policy's longest grant."""
    longest = guards.rules_of(each).decision.max_days
    months = each.form.answer_for("months", each.answers)
    asked = each.form.answer_for("start", each.answers)
    first = max(today, date.fromisoformat(asked) if asked else today)
    days = min(round(int(months) * 365 / 12), longest) if months else longest
    return first + timedelta(days=days)


def days_since(moment: datetime, now: datetime) -> int:
    """Whole days that something has waited."""
    return (now - moment).days
