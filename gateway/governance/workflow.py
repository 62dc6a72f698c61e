"""Who decides and what must have happened before, as text in policies/workflows/."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from gateway.errors import SlidegateError


class BadWorkflow(SlidegateError):
    """A workflow's text breaks its own rules; nobody can decide until it is mended."""

    code = "bad-workflow"


@dataclass(frozen=True, slots=True)
class Workflow:
    """The rules of one committee, with the hash of the text that they were read from."""

    name: str
    version: int
    title: str
    triage_role: str
    review_role: str
    reviewers: int
    quorum: int
    decision_role: str
    decider_may_have_reviewed: bool
    max_days: int
    sha256: str
    source: str


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
        workflow = Workflow(
            name=raw["name"],
            version=raw["version"],
            title=raw["title"],
            triage_role=raw["triage"]["role"],
            review_role=raw["review"]["role"],
            reviewers=raw["review"]["reviewers"],
            quorum=raw["review"]["quorum"],
            decision_role=raw["decision"]["role"],
            decider_may_have_reviewed=raw["decision"]["may_have_reviewed"],
            max_days=raw["decision"]["max_days"],
            sha256=sha256(source.encode()).hexdigest(),
            source=source,
        )
    except tomllib.TOMLDecodeError as error:
        raise BadWorkflow(f"the workflow is not valid TOML: {error}") from None
    except KeyError as error:
        raise BadWorkflow(f"the workflow lacks {error.args[0]!r}") from None
    if not 1 <= workflow.quorum <= workflow.reviewers or workflow.max_days < 1:
        raise BadWorkflow("the workflow asks for fewer reviewers than its quorum, or for no days at all")
    return workflow
