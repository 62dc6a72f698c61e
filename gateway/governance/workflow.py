"""Who decides and what must have happened before, as text in policies/workflows/."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.errors import SlidegateError


class BadWorkflow(SlidegateError):
    """A workflow's text breaks its own rules; nobody can decide until it is mended."""

    code = "bad-workflow"


@dataclass(frozen=True, slots=True)
class ReviewGroup:
    """Reviewers of one kind, who work beside the other groups: how many are asked, how many must answer."""

    key: str
    title: str
    role: str
    reviewers: int
    quorum: int


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote of the committee: who votes, how many must have, and whether somebody who reviewed may."""

    role: str
    quorum: int
    may_have_reviewed: bool = False


@dataclass(frozen=True, slots=True)
class AppealRules:
    """Who hears an appeal against a rejection, and for how many days one may be made."""

    role: str
    days: int


@dataclass(frozen=True, slots=True)
class Workflow:
    """The rules of one committee, with the hash of the text that they were read from.

    `custodian_role` is empty where the sites are not asked, `ballot` None where nobody votes,
    `appeal` None where a rejection is the end.
    """

    name: str
    version: int
    title: str
    triage_role: str
    groups: tuple[ReviewGroup, ...]
    custodian_role: str
    ballot: Ballot | None
    decision_role: str
    decider_may_have_reviewed: bool
    decider_may_have_triaged: bool
    decider_may_have_voted: bool
    max_days: int
    appeal: AppealRules | None
    sha256: str
    source: str

    @property
    def roles(self) -> frozenset[str]:
        """Every role that this workflow gives a part."""
        voters = {self.ballot.role} if self.ballot else set[str]()
        named = {self.triage_role, self.custodian_role, self.decision_role} | {each.role for each in self.groups}
        return frozenset((named | voters) - {""})

    def group(self, key: str) -> ReviewGroup | None:
        """The review group of that key."""
        return next((each for each in self.groups if each.key == key), None)


def read_workflow(policies_dir: Path, name: str) -> Workflow:
    """The workflow of policies/workflows/<name>.toml as it is now. Raises BadWorkflow."""
    path = policies_dir / "workflows" / f"{name}.toml"
    try:
        return parse_workflow(path.read_text("utf-8"))
    except OSError:
        raise BadWorkflow(f"there is no workflow named {name!r}") from None


@lru_cache(maxsize=64)
def parse_workflow(source: str) -> Workflow:
    """A workflow from its text. Raises BadWorkflow with the first fault."""
    try:
        raw = tomllib.loads(source)
        workflow = _workflow(raw, source)
    except tomllib.TOMLDecodeError as error:
        raise BadWorkflow(f"the workflow is not valid TOML: {error}") from None
    except KeyError as error:
        raise BadWorkflow(f"the workflow lacks {error.args[0]!r}") from None
    except (TypeError, AttributeError) as error:
        raise BadWorkflow(f"the workflow has a part of the wrong shape: {error}") from None
    _could_decide(workflow)
    return workflow


def _workflow(raw: Mapping[str, Any], source: str) -> Workflow:
    known = {"name", "version", "title", "triage", "review", "sites", "vote", "decision", "appeal"}
    if surprise := sorted(set(raw) - known):
        raise BadWorkflow(f"the workflow has a part that means nothing: {surprise[0]!r}")
    return Workflow(
        name=raw["name"],
        version=raw["version"],
        title=raw["title"],
        triage_role=raw["triage"]["role"],
        groups=tuple(ReviewGroup(**each) for each in raw["review"]),
        custodian_role=raw["sites"]["role"] if "sites" in raw else "",
        ballot=Ballot(**raw["vote"]) if "vote" in raw else None,
        decision_role=raw["decision"]["role"],
        decider_may_have_reviewed=raw["decision"]["may_have_reviewed"],
        decider_may_have_triaged=raw["decision"].get("may_have_triaged", False),
        decider_may_have_voted=raw["decision"].get("may_have_voted", False),
        max_days=raw["decision"]["max_days"],
        appeal=AppealRules(**raw["appeal"]) if "appeal" in raw else None,
        sha256=sha256(source.encode()).hexdigest(),
        source=source,
    )


def _could_decide(workflow: Workflow) -> None:
    """Refuse rules under which no decision, or one without any review, could ever be made."""
    if not workflow.groups or len({each.key for each in workflow.groups}) < len(workflow.groups):
        raise BadWorkflow("the workflow needs at least one review group, each with a key of its own")
    if any(not 1 <= each.quorum <= each.reviewers for each in workflow.groups) or workflow.max_days < 1:
        raise BadWorkflow("the workflow asks for fewer reviewers than its quorum, or for no days at all")
    if workflow.ballot is not None and workflow.ballot.quorum < 1:
        raise BadWorkflow("a vote needs at least one voter")
