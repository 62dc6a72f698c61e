"""A plan: a recipe compiled to one rule for each tag. What has no rule is removed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gateway.deid.errors import BadRecipe
from gateway.deid.layers import Resolved, resolve
from gateway.deid.recipe import PRIVATE, Action, Line
from gateway.deid.safe_private import NOTHING_PRIVATE, SafePrivate
from gateway.deid.terms import Check, check_of
from gateway.deid.values import DUMMIES
from gateway.deid.vocabulary import NO_WORDS, Vocabulary
from gateway.dicom.encoding import standard_vrs

CODES = {  # PS3.16 CID 7050, De-identification Method
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    "113106": "Retain Longitudinal Temporal Information Full Dates Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113110": "Retain UIDs Option",
    "113111": "Retain Safe Private Option",
    "113112": "Retain Institution Identity Option",
}


BASIC, PIXELS, FULL_DATES, SHIFTED_DATES, UIDS = "113100", "113101", "113106", "113107", "113110"
BINARY_NUMBERS = frozenset((b"US", b"SS", b"UL", b"SL", b"FL", b"FD", b"UV", b"SV"))
MARKS = frozenset((0x00120062, 0x00120063, 0x00120064, 0x00280303))  # what a release says of itself
STUDY_UID, SERIES_UID, INSTANCE_UID = 0x0020000D, 0x0020000E, 0x00080018


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done to one tag, wherever in the dataset it stands. `vrs` are the VRs it may have."""

    action: Action
    argument: str
    vrs: tuple[bytes, ...]
    source: str  # "basic line 12", for `explain`
    check: Check | None = None  # what a kept value is put through
    otherwise: Rule | None = None  # what is done to a text that cannot be shown to be clean
    unseen: tuple[bytes, ...] = ()  # VRs of which any value is kept


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the rewriter needs. `sha256` is that of every text it was made of."""

    name: str
    sha256: str
    summary: str
    edition: str
    rules: dict[int, Rule]
    codes: tuple[tuple[str, str], ...]
    safe_private: SafePrivate = NOTHING_PRIVATE
    vocabulary: Vocabulary = NO_WORDS
    marks_texts: bool = False  # of a long text, words go rather than the whole of it
    each_frame: bool = False  # is an event of its own on the record, before it is sent
    watermark: bool = False  # the viewer writes over the slide who looks at it

    @property
    def method(self) -> str:
        """DeidentificationMethod (0012,0063), at most 64 characters."""
        return f"Slidegate; {self.name[:30]}; {self.sha256[:12]}"

    @property
    def dates(self) -> str:
        """LongitudinalTemporalInformationModified (0028,0303) as this plan leaves dates."""
        codes = {code for code, _meaning in self.codes}
        return "UNMODIFIED" if FULL_DATES in codes else "MODIFIED" if SHIFTED_DATES in codes else "REMOVED"

    @property
    def keeps_uids(self) -> bool:
        """Whether the archive's own study, series or instance UIDs stay."""
        named = (self.rules.get(tag) for tag in (STUDY_UID, SERIES_UID, INSTANCE_UID))
        return any(rule is not None and rule.action is Action.KEEP for rule in named)


def compile_plan(resolved: Resolved) -> Plan:
    """A plan from a recipe and all that it stands on. Raises BadRecipe for a code or function that does not fit."""
    rules = dict[int, Rule]()
    for recipe in resolved.layers:
        for line in recipe.lines:
            if line.tag != PRIVATE:  # they have no tags of their own: private_blocks.py
                rules[line.tag] = _rule(line, recipe.name, rules.get(line.tag))
    return Plan(
        resolved.name,
        resolved.sha256,
        resolved.layers[-1].labels["Summary"],
        resolved.layers[-1].labels["Edition"],
        rules,
        _codes(resolved),
        resolved.safe_private,
        resolved.vocabulary,
        marks_texts=_says(resolved, "Texts") == "mark",
        each_frame=_says(resolved, "Record") == "frames",
        watermark=_says(resolved, "Watermark") == "reader",
    )


def _says(resolved: Resolved, label: str) -> str:
    """What the last of its texts that has this label says there."""
    return next((each.labels[label] for each in reversed(resolved.layers) if label in each.labels), "")


def _rule(line: Line, recipe: str, before: Rule | None) -> Rule:
    if line.tag in MARKS:
        raise BadRecipe(f"{recipe} line {line.number}: {line.keyword} is set by the gateway itself")
    vrs = standard_vrs(line.tag)
    if line.action is Action.FUNCTION and not _fits(line.argument, vrs):
        raise BadRecipe(f"{recipe} line {line.number}: {line.argument} does not fit {line.keyword}")
    check = check_of(line.keyword) if line.action is Action.KEEP else None
    if line.action is Action.KEEP and b"CS" in vrs and check is None:
        raise BadRecipe(f"{recipe} line {line.number}: {line.keyword} has no defined terms here, so it cannot be kept")
    otherwise = before if line.argument == "clean_text" else None
    free = line.action is Action.KEEP and check is None
    unseen = tuple(vr for vr in vrs if free and vr in BINARY_NUMBERS)
    return Rule(line.action, line.argument, vrs, f"{recipe} line {line.number}", check, otherwise, unseen)


def _codes(resolved: Resolved) -> tuple[tuple[str, str], ...]:
    """The codes of all layers. Raises BadRecipe unless they go together and the Basic Profile is among them."""
    found = {code for recipe in resolved.layers for code in recipe.labels["Codes"].split() if code != "none"}
    unknown = sorted(found - set(CODES))
    if unknown:
        raise BadRecipe(f"recipe {resolved.name}: {unknown[0]} is not a code of CID 7050")
    if BASIC not in found:
        raise BadRecipe(f"recipe {resolved.name} is an option: it must stand on the Basic Profile to be a policy")
    if {FULL_DATES, SHIFTED_DATES} <= found:
        raise BadRecipe(f"recipe {resolved.name}: dates cannot both stay and be shifted")
    return tuple((code, CODES[code]) for code in sorted(found))


def _fits(function: str, vrs: tuple[bytes, ...]) -> bool:
    wanted = {
        "uid": {b"UI"},
        "shift": {b"DA", b"DT"},
        "age": {b"AS"},
        "clean_content": {b"SQ"},
        "dummy": set(DUMMIES),
        "code_check": {b"SQ"},
        "clean_text": {b"LO", b"SH", b"LT", b"ST", b"UT", b"UC"},
        "pseudonym": {b"LO", b"SH", b"PN", b"UT", b"UC", b"LT", b"ST"},
    }
    if not vrs or (function != "code_check" and function != "clean_content" and b"SQ" in vrs):
        return False
    return set(vrs) <= wanted[function] if function in wanted else True


@lru_cache(maxsize=32)
def _compiled(resolved: Resolved) -> Plan:
    return compile_plan(resolved)


def load_plan(policies_dir: Path, name: str) -> Plan:
    """The plan of that name; made anew when any file that it stands on has changed.

    Raises UnknownPolicy, BadRecipe.
    """
    return _compiled(resolve(policies_dir, name))
