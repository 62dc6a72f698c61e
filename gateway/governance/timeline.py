"""The steps that an application goes through, as its applicant sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.governance import guards
from gateway.governance.models import Application, State

Standing = Literal["done", "now", "later", "stopped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage in the life of an application, as its applicant sees it."""

    title: str
    text: str
    standing: Standing
    when: datetime | None = None


def steps(each: Application) -> list[Step]:
    """The stages of the application in order, for its applicant: no names of reviewers."""
    state = State(each.state)
    began = Step("Started", "You write the application", "done", each.started_at)
    if state == State.DRAFT:
        return [
            Step("Draft", "Answer the questions and submit", "now", each.started_at),
            Step("Submitted", "A data steward checks it", "later"),
            Step("In review", "The ethics committee reads it", "later"),
            Step("Decision", "The chair decides", "later"),
        ]
    sent = Step("Submitted", "A data steward checks it", _standing(state, State.SUBMITTED), each.submitted_at)
    if state == State.WITHDRAWN:
        before = [one for one in (began, _stamp("Submitted", each.submitted_at)) if one.when]
        return [*before, Step("Withdrawn", "You took it back", "stopped", each.closed_at)]
    return [began, sent, _review_step(each, state), _decision_step(each, state)]


def _stamp(title: str, when: datetime | None) -> Step:
    return Step(title, "", "done", when)


def _standing(state: State, stage: State) -> Standing:
    return "now" if state == stage else "done"


def _review_step(each: Application, state: State) -> Step:
    workflow = guards.rules_of(each)
    if state == State.SUBMITTED:
        return Step("In review", f"{workflow.quorum} reviewers read it", "later")
    given = len(each.reviews_given)
    text = f"{given} of {workflow.quorum} reviews are in"
    return Step("In review", text, _standing(state, State.IN_REVIEW), each.review_began_at)


def _decision_step(each: Application, state: State) -> Step:
    match state:
        case State.APPROVED:
            return Step("Approved", "You may use the data", "done", each.closed_at)
        case State.APPROVED_WITH_CONDITIONS:
            return Step("Approved with conditions", "You may use the data", "done", each.closed_at)
        case State.RETURNED:
            return Step("Returned", "Revise it and apply again", "stopped", each.closed_at)
        case State.REJECTED:
            return Step("Rejected", "Access was refused", "stopped", each.closed_at)
        case _:
            return Step("Decision", "The chair of the committee decides", "later")
