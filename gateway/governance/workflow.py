"""Who decides and what must have happened before: an ordered list of stages, as text in policies/workflows/.

A stage is of one of five kinds. The code knows the kinds; which stages there are, in which order, how they are called
and who has a part in them is what the text says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from gateway.errors import SlidegateError


class BadWorkflow(SlidegateError):
    """A workflow's text breaks its own rules; nobody can decide until it is mended."""

    code = "bad-workflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the way: how it is called, and whose it is. Stages of one step go on side by side."""

    key: str
    title: str
    role: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage(Stage):
    """Somebody looks first, and chooses the reviewers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewGroup(Stage):
    """Reviewers of one kind: how many are asked, how many must answer."""

    reviewers: int
    quorum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites(Stage):
    """One custodian of each site that is asked for slides answers for it; a site that declines drops out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot(Stage):
    """A vote of the committee: how many must have voted, and whether somebody who reviewed may."""

    quorum: int
    may_have_reviewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding(Stage):
    """One person decides, for at most so many days; by these rules also somebody who had another part."""

    max_days: int
    may_have_reviewed: bool = False
    may_have_triaged: bool = False
    may_have_voted: bool = False


@dataclass(frozen=True, slots=True)
class AppealRules:
    """Who hears an appeal against a rejection, and for how many days one may be made."""

    role: str
    days: int


class When(StrEnum):
    """What a workflow waits for before it does something by itself."""

    DRAFT_UNTOUCHED = "draft-untouched"
    CHANGE_NOT_MADE = "change-not-made"
    SUBMITTED = "submitted"


class Then(StrEnum):
    """What it does. There is nothing here that approves, returns or rejects: people decide."""

    REMIND = "remind"
    WITHDRAW = "withdraw"
    ASSIGN = "assign"


FITTING: dict[When, frozenset[Then]] = {
    When.DRAFT_UNTOUCHED: frozenset({Then.REMIND, Then.WITHDRAW}),
    When.CHANGE_NOT_MADE: frozenset({Then.REMIND, Then.WITHDRAW}),
    When.SUBMITTED: frozenset({Then.ASSIGN}),
}


@dataclass(frozen=True, slots=True)
class Automatic:
    """A rule of what is done by itself, so many days after."""

    when: When
    days: int
    then: Then


KINDS: dict[str, type[Stage]] = {
    "triage": Triage,
    "review": ReviewGroup,
    "sites": Sites,
    "vote": Ballot,
    "decision": Deciding,
}
LONGEST_DAYS = 900
Kind = TypeVar("Kind", bound=Stage)


@dataclass(frozen=True, slots=True)
class Workflow:
    """The rules of one committee, with the hash of the text that they were read from.

    It begins with its one triage and ends with its one decision. `appeal` is None where a rejection is the end.
    """

    name: str
    version: int
    title: str
    stages: tuple[Stage, ...]
    appeal: AppealRules | None
    automatic: tuple[Automatic, ...]
    sha256: str
    source: str

    @property
    def triage(self) -> Triage:
        """The first stage."""
        return self._of(Triage)[0]

    @property
    def decision(self) -> Deciding:
        """The last stage."""
        return self._of(Deciding)[0]

    @property
    def between(self) -> tuple[Stage, ...]:
        """The stages in which people say something before the decision, in order."""
        return self.stages[1:-1]

    @property
    def groups(self) -> tuple[ReviewGroup, ...]:
        """The groups of reviewers, in order."""
        return self._of(ReviewGroup)

    @property
    def sites(self) -> Sites | None:
        """The stage of the sites; None where they are not asked."""
        return next(iter(self._of(Sites)), None)

    @property
    def ballot(self) -> Ballot | None:
        """The vote; None where nobody votes."""
        return next(iter(self._of(Ballot)), None)

    @property
    def roles(self) -> frozenset[str]:
        """Every role that this workflow gives a part."""
        heard = {self.appeal.role} if self.appeal else set[str]()
        return frozenset(heard | {each.role for each in self.stages})

    def group(self, key: str) -> ReviewGroup | None:
        """The review group of that key."""
        return next((each for each in self.groups if each.key == key), None)

    def before(self, stage: Stage) -> tuple[Stage, ...]:
        """The stages that have to be done before this one begins, without the triage."""
        return tuple(each for each in self.between if each.step < stage.step)

    def steps(self) -> list[list[Stage]]:
        """The stages between triage and decision by steps."""
        return [list(each) for _, each in groupby(self.between, key=lambda stage: stage.step)]

    def _of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        return tuple(each for each in self.stages if isinstance(each, kind))


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
    known = {"name", "version", "title", "stage", "appeal", "automatic"}
    if surprise := sorted(set(raw) - known):
        raise BadWorkflow(f"the workflow has a part that means nothing: {surprise[0]!r}")
    return Workflow(
        name=raw["name"],
        version=raw["version"],
        title=raw["title"],
        stages=tuple(_stages(raw["stage"])),
        appeal=AppealRules(**raw["appeal"]) if "appeal" in raw else None,
        automatic=tuple(_automatic(each) for each in raw.get("automatic", [])),
        sha256=sha256(source.encode()).hexdigest(),
        source=source,
    )


def _stages(raw: list[dict[str, Any]]) -> Iterator[Stage]:
    """In the order of the text; neighbours with the same word in `together` share a step."""
    step, before = 0, None
    for told in raw:
        values = dict(told)
        kind, together = values.pop("kind"), values.pop("together", None)
        if kind not in KINDS:
            raise BadWorkflow(f"the workflow has a stage of a kind that means nothing: {kind!r}")
        step += together is None or together != before
        before = together
        yield KINDS[kind](step=step, **values)


def _automatic(told: Mapping[str, Any]) -> Automatic:
    """Of a rule that means something; none ever decides."""
    try:
        rule = Automatic(when=When(told["when"]), days=told["days"], then=Then(told["then"]))
    except ValueError as error:
        raise BadWorkflow(f"the workflow does something by itself that means nothing: {error}") from None
    if set(told) != {"when", "days", "then"} or rule.then not in FITTING[rule.when]:
        raise BadWorkflow(f"the workflow cannot do that by itself when it is {rule.when!s}")
    if type(rule.days) is not int or not 0 <= rule.days <= LONGEST_DAYS or (rule.then != Then.ASSIGN and rule.days < 1):
        raise BadWorkflow(f"the workflow waits for a number of days, {LONGEST_DAYS} at most")
    return rule


def _could_decide(workflow: Workflow) -> None:
    """Refuse rules under which no decision, or one without any review, could ever be made."""
    kinds = [type(each) for each in workflow.stages]
    if kinds.count(Triage) != 1 or kinds.count(Deciding) != 1 or kinds[0] is not Triage or kinds[-1] is not Deciding:
        raise BadWorkflow("the workflow begins with its one triage and ends with its one decision")
    if workflow.stages[1].step == 1 or workflow.stages[-2].step == workflow.decision.step:
        raise BadWorkflow("nothing goes on beside the triage or the decision")
    if kinds.count(Sites) > 1 or kinds.count(Ballot) > 1:
        raise BadWorkflow("the workflow asks the sites once and votes once")
    if not workflow.groups or len({each.key for each in workflow.stages}) < len(workflow.stages):
        raise BadWorkflow("the workflow needs at least one review group, and each stage a key of its own")
    if any(not 1 <= each.quorum <= each.reviewers for each in workflow.groups) or workflow.decision.max_days < 1:
        raise BadWorkflow("the workflow asks for fewer reviewers than its quorum, or for no days at all")
    if workflow.ballot is not None and workflow.ballot.quorum < 1:
        raise BadWorkflow("a vote needs at least one voter")
