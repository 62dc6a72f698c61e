"""What lies before a steward, reviewer or chair on a review page: what is asked, and what is filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from gateway.governance import guards
from gateway.governance.models import Application, ReviewState, State
from gateway.governance.queries import can_decide, lacks_reviewers, review_of
from gateway.people.models import Account

Ask = Literal["triage", "recommend", "decide", "nothing"]


@dataclass(frozen=True, slots=True)
class Desk:
    """What this account is asked about this application; if nothing, why."""

    asks: Ask
    why_not: str = ""


def desk(each: Application, account: Account) -> Desk:
    """What this account has to do about this application now."""
    if guards.on_team(each, account):
        return Desk("nothing", guards.OwnApplication.title + ".")
    workflow = guards.rules_of(each)
    if each.state not in (State.SUBMITTED, State.IN_REVIEW):
        return Desk("nothing", guards.SENTENCES[State(each.state)] + ".")
    if each.state == State.SUBMITTED:
        if workflow.triage_role in account.role_keys:
            return Desk("triage")
        return Desk("nothing", "A data steward chooses the reviewers first.")
    mine = review_of(each, account)
    if mine is not None and mine.state == ReviewState.WAITING:
        return Desk("recommend")
    have = len(each.reviews_given)
    if can_decide(each, account) and have >= workflow.quorum:
        return Desk("decide")
    if lacks_reviewers(each) and workflow.triage_role in account.role_keys:
        return Desk("triage")
    if mine is not None:
        return Desk("nothing", "You have answered. The chair decides when all reviews are in.")
    return Desk("nothing", f"{have} of {workflow.quorum} reviews are in.")


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
