"""What lies before somebody on a review page: what is asked of them, since when, and what is filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from gateway.errors import Forbidden
from gateway.governance import appealing, guards, progress
from gateway.governance.committee import sites_to_answer
from gateway.governance.models import Application, ReviewState, State
from gateway.governance.queries import can_decide, open_applications, review_of
from gateway.governance.workflow import Workflow
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


def waiting_for(db: Session, account: Account) -> list[Waiting]:
    """What this account can do next in any of its roles; the longest wait first."""
    found = []
    for each in (*open_applications(db), *appealing.waiting(db)):
        before = desk(db, each, account)
        if before.since is not None:
            found.append(Waiting(each, before.words, before.since))
    return sorted(found, key=lambda item: item.since)


def desk(db: Session, each: Application, account: Account) -> Desk:
    """The first thing that this account has to do about this application now, or why there is none."""
    if guards.on_team(each, account):
        return Desk("nothing", guards.OwnApplication.title + ".")
    if hears := _hears(each, account):
        return hears
    if each.state not in (State.SUBMITTED, State.IN_REVIEW):
        return Desk("nothing", guards.SENTENCES[State(each.state)] + ".")
    if any(one.account_id == account.id for one in each.conflicts):
        return Desk("nothing", guards.Conflicted.title + ".")
    workflow = guards.rules_of(each)
    found = next(_asks(db, each, account, workflow), None)
    return found or Desk("nothing", _why_nothing(each, account))


def _hears(each: Application, account: Account) -> Desk | None:
    if each.appeal is None:
        return None
    try:
        found = appealing.may_hear(each, account)
    except (Forbidden, appealing.NoAppeal):
        return None
    return Desk("appeal", "Hear the appeal", found.made_at)


def _asks(db: Session, each: Application, account: Account, workflow: Workflow) -> Iterator[Desk]:
    roles = account.role_keys
    if each.state == State.SUBMITTED:
        if workflow.triage_role in roles:
            yield Desk("triage", "Choose reviewers", each.submitted_at)
        return
    mine = review_of(each, account)
    if mine is not None and mine.state == ReviewState.WAITING and _role_of(workflow, mine.group) in roles:
        yield Desk("recommend", "Give your recommendation", mine.asked_at)
    if sites := sites_to_answer(db, each, account):
        yield Desk("site", f"Answer for {sites[0].site.name}", sites[0].asked_at)
    if _may_vote(each, account, workflow):
        yield Desk("vote", "Vote", _last_answer(each))
    if can_decide(each, account) and not progress.missing(each):
        yield Desk("decide", "Decide", max([_last_answer(each), *(one.cast_at for one in each.votes)]))
    if progress.lacking(each) and workflow.triage_role in roles:
        yield Desk("triage", "Ask another reviewer", _last_answer(each))


def _role_of(workflow: Workflow, group: str) -> str | None:
    found = workflow.group(group)
    return found.role if found else None


def _may_vote(each: Application, account: Account, workflow: Workflow) -> bool:
    if workflow.ballot is None or not progress.votes_open(each):
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
    if review_of(each, account) is not None or any(one.account_id == account.id for one in each.votes):
        return "You have answered. The chair decides when everything is in."
    return " ".join(progress.missing(each)) or "Everything is in. The chair decides."


def proposed_decision(each: Application, today: date) -> dict[str, Any]:
    """What the chair finds filled in: the conditions the reviewers asked for, and the months applied for."""
    conditions = dict.fromkeys(one for review in each.reviews_given for one in review.conditions)
    return {"conditions": "\n".join(conditions), "ends_on": proposed_last_day(each, today).isoformat()}


def proposed_last_day(each: Application, today: date) -> date:
    """The last day if access lasts as long as applied for, within the policy's longest grant."""
    longest = guards.rules_of(each).max_days
    months = each.form.answer_for("months", each.answers)
    asked = each.form.answer_for("start", each.answers)
    first = max(today, date.fromisoformat(asked) if asked else today)
    days = min(round(int(months) * 365 / 12), longest) if months else longest
    return first + timedelta(days=days)


def days_since(moment: datetime, now: datetime) -> int:
    """Whole days that something has waited."""
    return (now - moment).days
