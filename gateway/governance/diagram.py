"""A workflow as a state diagram (Mermaid), drawn from its text so that the picture cannot differ from the rules."""

from __future__ import annotations

from gateway.governance.models import State
from gateway.governance.states import NEXT
from gateway.governance.workflow import Workflow


def diagram(workflow: Workflow) -> str:
    """The states of an application and the moves between them, with who makes them."""
    who = {
        State.SUBMITTED: "applicant",
        State.IN_REVIEW: workflow.triage_role,
        State.WITHDRAWN: "applicant",
    }
    lines = ["stateDiagram-v2", "    [*] --> draft: applicant"]
    for before, after in NEXT.items():
        lines += [f"    {_id(before)} --> {_id(to)}: {who.get(to, workflow.decision_role)}" for to in sorted(after)]
    lines += [f"    state {_id(State.IN_REVIEW)} {{", *_stages(workflow), "    }"]
    if workflow.appeal is not None:
        heard = f"appeal within {workflow.appeal.days} days, heard by another {workflow.appeal.role}"
        lines.append(f"    rejected --> submitted: {heard}")
    return "\n".join(lines) + "\n"


def _stages(workflow: Workflow) -> list[str]:
    """What goes on in review: groups and sites side by side, then the vote, then the chair."""
    side = [f"{each.key}: {each.title}, {each.quorum} of {each.role}" for each in workflow.groups]
    side += [f"sites: each site, {workflow.custodian_role}"] if workflow.custodian_role else []
    names = [each.split(":")[0] for each in side]
    after = ["vote"] if workflow.ballot else []
    lines = [f"        {each}" for each in side]
    if workflow.ballot is not None:
        lines.append(f"        vote: Vote, {workflow.ballot.quorum} of {workflow.ballot.role}")
    lines.append(f"        decision: Decision, {workflow.decision_role}")
    first = (after or ["decision"])[0]
    lines += [f"        {name} --> {first}" for name in names]
    return lines + (["        vote --> decision"] if after else [])


def _id(state: State) -> str:
    return state.value.replace("-", "_")
