"""A workflow as a state diagram (Mermaid), drawn from its text so that the picture cannot differ from the rules."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from gateway.governance.models import State
from gateway.governance.states import NEXT
from gateway.governance.workflow import Ballot, ReviewGroup, Sites, Stage, Workflow


def diagram(workflow: Workflow) -> str:
    """The states of an application and the moves between them, with who makes them."""
    who = {
        State.SUBMITTED: "applicant",
        State.IN_REVIEW: workflow.triage.role,
        State.WITHDRAWN: "applicant",
    }
    lines = ["stateDiagram-v2", "    [*] --> draft: applicant"]
    for before, after in NEXT.items():
        lines += [f"    {_id(before)} --> {_id(to)}: {who.get(to, workflow.decision.role)}" for to in sorted(after)]
    lines += [f"    state {_id(State.IN_REVIEW)} {{", *_stages(workflow), "    }"]
    if workflow.appeal is not None:
        heard = f"appeal within {workflow.appeal.days} days, heard by another {workflow.appeal.role}"
        lines.append(f"    rejected --> submitted: {heard}")
    return "\n".join(lines) + "\n"


def _stages(workflow: Workflow) -> list[str]:
    """What goes on in review: those of a step side by side, and each step after the one before."""
    steps: list[list[Stage]] = [*workflow.steps(), [workflow.decision]]
    lines = [f"        {each.key}: {_told(each)}" for step in steps for each in step]
    for before, after in pairwise(steps):
        lines += [f"        {first.key} --> {then.key}" for first in before for then in after]
    return lines


def _told(stage: Stage) -> str:
    match stage:
        case ReviewGroup() | Ballot():
            return f"{stage.title}, {stage.quorum} of {stage.role}"
        case Sites():
            return f"{stage.title}, each by its {stage.role}"
        case _:
            return f"{stage.title}, {stage.role}"


def _id(state: State) -> str:
    return state.value.replace("-", "_")


def redrawn(text: str, workflows: Iterable[Workflow]) -> str:
    """A document in Markdown with the diagram below each heading that is a workflow's name as the rules have it now."""
    for each in workflows:
        begin = f"### {each.name}\n\n```mermaid\n"
        before, found, rest = text.partition(begin)
        if found:
            text = before + begin + diagram(each) + rest[rest.index("```") :]
    return text
