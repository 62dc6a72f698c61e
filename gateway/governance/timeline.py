"""The steps that an application goes through, as its applicant sees them: made from the workflow, not by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.governance import progress
from gateway.governance.models import Appeal, AppealState, Application, SiteAnswer, State
from gateway.governance.workflow import Ballot, ReviewGroup, Stage, Workflow

Standing = Literal["done", "now", "later", "stopped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage in the life of an application, as its applicant sees it."""

    title: str
    text: str
    standing: Standing
    when: datetime | None = None


ENDINGS: dict[State, tuple[str, str, Standing]] = {
    State.APPROVED: ("Approved", "You may use the data", "done"),
    State.APPROVED_WITH_CONDITIONS: ("Approved with conditions", "You may use the data", "done"),
    State.RETURNED: ("Returned", "Revise it and apply again", "stopped"),
    State.REJECTED: ("Rejected", "Access was refused", "stopped"),
}


def steps(each: Application, workflow: Workflow) -> list[Step]:
    """The stages of the application in order, for its applicant: no names of reviewers or voters.

    `workflow` is the one it was submitted under, or for a draft the one that it would be.
    """
    state = State(each.state)
    if state == State.WITHDRAWN:
        began = [("Started", each.started_at), ("Submitted", each.submitted_at), ("In review", each.review_began_at)]
        before = [Step(title, "", "done", when) for title, when in began if when]
        return [*before, Step("Withdrawn", "It was taken back", "stopped", each.closed_at)]
    return [*_beginning(each, state), *_stages(each, state, workflow), _ending(each, state, workflow), *_after(each)]


def promised(workflow: Workflow) -> list[Step]:
    """The stages that an application under this workflow would go through."""
    first = Step("Submitted", f"A {_who(workflow.triage)} checks it and chooses the reviewers", "later")
    between = [Step(stage.title, _promise(stage), "later") for stage in workflow.between]
    return [first, *between, Step(workflow.decision.title, f"A {_who(workflow.decision)} decides", "later")]


def _who(stage: Stage) -> str:
    return stage.role.replace("-", " ")


def _promise(stage: Stage) -> str:
    match stage:
        case ReviewGroup():
            return f"{_reviewers(stage.quorum)} it"
        case Ballot():
            return f"At least {stage.quorum} members vote"
        case _:
            return "Each hospital whose slides you ask for answers"


def _reviewers(number: int) -> str:
    return "1 reviewer reads" if number == 1 else f"{number} reviewers read"


def _beginning(each: Application, state: State) -> Iterator[Step]:
    if state == State.DRAFT:
        yield Step("Draft", "Answer the questions and submit", "now", each.started_at)
        yield Step("Submitted", "A data steward checks it", "later")
        return
    yield Step("Started", "You write the application", "done", each.started_at)
    checked: Standing = "now" if state == State.SUBMITTED else "done"
    yield Step("Submitted", "A data steward checks it", checked, each.submitted_at)


def _stages(each: Application, state: State, workflow: Workflow) -> Iterator[Step]:
    if state in (State.DRAFT, State.SUBMITTED):
        yield from promised(workflow)[1:-1]
        return
    closed = state != State.IN_REVIEW
    for stage in workflow.between:
        yield _step(each, stage, closed)


def _step(each: Application, stage: Stage, closed: bool) -> Step:
    begun: Standing = "now" if progress.is_open(each, stage) else "later"
    match stage:
        case ReviewGroup():
            return _review_step(each, stage, closed, begun)
        case Ballot():
            have, need = len(each.votes), stage.quorum
            return Step(stage.title, f"{have} of {need} votes are in", "done" if closed or have >= need else begun)
        case _:
            return _sites_step(each, stage, closed, begun)


def _review_step(each: Application, group: ReviewGroup, closed: bool, begun: Standing) -> Step:
    given = each.given_in(group.key)
    if closed or len(given) >= group.quorum:
        return Step(group.title, "", "done", max((one.answered_at for one in given if one.answered_at), default=None))
    return Step(group.title, f"{len(given)} of {group.quorum} reviews are in", begun, each.review_began_at)


def _sites_step(each: Application, stage: Stage, closed: bool, begun: Standing) -> Step:
    answered = [one for one in each.sites if one.answered_at]
    declined = [one.site.name for one in each.sites if one.state == SiteAnswer.DECLINED]
    text = f"{len(answered)} of {len(each.sites)} have answered"
    if declined:
        text += f"; {', '.join(declined)} declined"
    return Step(stage.title, text, "done" if closed or len(answered) == len(each.sites) else begun)


def _ending(each: Application, state: State, workflow: Workflow) -> Step:
    if state in ENDINGS:
        title, text, standing = ENDINGS[state]
        return Step(title, text, standing, each.closed_at)
    ready = state == State.IN_REVIEW and not progress.missing(each)
    decision = workflow.decision
    return Step(decision.title, f"A {_who(decision)} decides", "now" if ready else "later")


def _after(each: Application) -> Iterator[Step]:
    """What came after the decision: an appeal, or how the project's access stands."""
    match each.appeal:
        case Appeal(state=AppealState.WAITING, made_at=when):
            yield Step("Appeal", "Somebody who had no say in it looks again", "now", when)
        case Appeal(state=AppealState.ALLOWED, decided_at=when):
            yield Step("Appeal allowed", "It is judged anew", "done", when)
        case Appeal(decided_at=when):
            yield Step("Appeal dismissed", "The decision stands", "stopped", when)
    project = each.project
    if project is None:
        return
    if project.closure is not None:
        yield Step("Closed", "The data are destroyed", "done", project.closure.closed_at)
        return
    for grant in project.grants:
        if grant.revoked_at is not None:
            yield Step("Revoked", "Access was taken back", "stopped", grant.revoked_at)
        elif grant.suspended_at is not None:
            yield Step("Suspended", "Access rests", "stopped", grant.suspended_at)
