"""What governs de-identification: the recipes as they stand in policies/, and what each does to a sample."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gateway.deid.errors import BadRecipe, UnknownPolicy
from gateway.deid.explain import explain
from gateway.deid.keys import ProjectKeys
from gateway.deid.layers import resolve
from gateway.deid.plan import Plan, load_plan
from gateway.deid.trace import Step
from gateway.errors import NotFound
from gateway.policies.sample import sample_header

SAMPLE_KEYS = ProjectKeys(b"the sample's own key, of no project")
KINDS = {"keep": "kept", "keep items": "opened", "remove": "removed", "blank": "emptied"}


class NoSuchPolicy(NotFound):
    """No recipe of that name that can be used as a policy."""

    code = "policy-not-found"
    title = "There is no de-identification policy of that name"


@dataclass(frozen=True, slots=True)
class Shown:
    """One element as the page shows it; `kind` is one of kept, opened, replaced, emptied, removed."""

    step: Step
    kind: str
    recipe: str
    line: str


@dataclass(frozen=True, slots=True)
class Text:
    """One recipe's text, line by line."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A policy, what it does to the sample, how often it does what, and the texts that it is made of."""

    plan: Plan
    shown: tuple[Shown, ...]
    counts: dict[str, int]
    texts: tuple[Text, ...]


def plans(policies_dir: Path) -> list[Plan]:
    """Every recipe that is a policy, by name; options, and recipes that cannot be read, are left out."""
    found = []
    for path in sorted((policies_dir / "deid").glob("*.dicom")):
        try:
            found.append(load_plan(policies_dir, path.stem))
        except (BadRecipe, UnknownPolicy):
            continue
    return found


def preview(policies_dir: Path, name: str) -> Preview:
    """What a policy does to the sample. Raises NoSuchPolicy."""
    try:
        plan, layers = load_plan(policies_dir, name), resolve(policies_dir, name).layers
    except (BadRecipe, UnknownPolicy):
        raise NoSuchPolicy from None
    shown = tuple(_shown(step) for step in explain(sample_header(), plan, SAMPLE_KEYS))
    texts = tuple(
        Text(layer.name, tuple((policies_dir / "deid" / f"{layer.name}.dicom").read_text("utf-8").splitlines()))
        for layer in reversed(layers)
    )
    return Preview(plan, shown, dict(Counter(each.kind for each in shown)), texts)


def _shown(step: Step) -> Shown:
    recipe, _, line = step.rule.partition(" line ")
    known = line.isdigit()
    return Shown(step, KINDS.get(step.action, "replaced"), recipe if known else "", line if known else "")


def otherwise(one: Preview, other: Preview) -> list[tuple[Shown, Shown]]:
    """The elements of the sample that two policies treat otherwise, one beside the other."""
    theirs = {_place(each): each for each in other.shown}
    pairs = [(each, theirs[_place(each)]) for each in one.shown if _place(each) in theirs]
    return [(a, b) for a, b in pairs if (a.kind, a.step.after) != (b.kind, b.step.after)]


def _place(each: Shown) -> tuple[int, str, str]:
    return each.step.depth, each.step.tag, each.step.before
