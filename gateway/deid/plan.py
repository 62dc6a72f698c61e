"""A plan: a recipe compiled to one rule for each tag. What has no rule is removed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gateway.deid.errors import BadRecipe
from gateway.deid.recipe import Action, Recipe, read_recipe
from gateway.deid.terms import Check, check_of
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


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done to one tag, wherever in the dataset it stands. `vrs` are the VRs it may have."""

    action: Action
    argument: str
    vrs: tuple[bytes, ...]
    source: str  # "recipe line 12", for `explain`
    check: Check | None = None  # what a kept value is put through


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the rewriter needs. `sha256` is that of the recipe's text."""

    name: str
    sha256: str
    summary: str
    edition: str
    rules: dict[int, Rule]
    codes: tuple[tuple[str, str], ...]

    @property
    def method(self) -> str:
        """DeidentificationMethod (0012,0063), at most 64 characters."""
        return f"Slidegate; {self.name[:30]}; {self.sha256[:12]}"

    @property
    def dates(self) -> str:
        """LongitudinalTemporalInformationModified (0028,0303) as this plan leaves dates."""
        return "MODIFIED" if any(rule.argument == "shift" for rule in self.rules.values()) else "REMOVED"


def compile_plan(recipe: Recipe) -> Plan:
    """A plan from a recipe. Raises BadRecipe for a code or function that does not fit."""
    rules = {}
    for line in recipe.lines:
        vrs = standard_vrs(line.tag)
        if line.action is Action.FUNCTION and not _fits(line.argument, vrs):
            raise BadRecipe(f"line {line.number}: {line.argument} does not fit {line.keyword}")
        check = check_of(line.keyword) if line.action is Action.KEEP else None
        if line.action is Action.KEEP and b"CS" in vrs and check is None:
            raise BadRecipe(f"line {line.number}: {line.keyword} has no defined terms here, so it cannot be kept")
        rules[line.tag] = Rule(line.action, line.argument, vrs, f"{recipe.name} line {line.number}", check)
    codes = recipe.labels["Codes"].split()
    unknown = [code for code in codes if code not in CODES]
    if unknown:
        raise BadRecipe(f"recipe {recipe.name}: {unknown[0]} is not a code of CID 7050")
    return Plan(
        recipe.name,
        recipe.sha256,
        recipe.labels["Summary"],
        recipe.labels["Edition"],
        rules,
        tuple((code, CODES[code]) for code in codes),
    )


def _fits(function: str, vrs: tuple[bytes, ...]) -> bool:
    wanted = {
        "uid": {b"UI"},
        "shift": {b"DA", b"DT"},
        "age": {b"AS"},
        "clean_content": {b"SQ"},
        "code_check": {b"SQ"},
        "clean_text": {b"LO", b"SH", b"LT", b"ST", b"UT", b"UC"},
        "pseudonym": {b"LO", b"SH", b"PN", b"UT", b"UC", b"LT", b"ST"},
    }
    if not vrs or (function != "code_check" and function != "clean_content" and b"SQ" in vrs):
        return False
    return set(vrs) <= wanted[function] if function in wanted else True


@lru_cache(maxsize=32)
def _loaded(policies_dir: Path, name: str, _changed: int) -> Plan:
    return compile_plan(read_recipe(policies_dir, name))


def load_plan(policies_dir: Path, name: str) -> Plan:
    """The plan of that name; read anew when its file has changed. Raises UnknownPolicy, BadRecipe."""
    path = policies_dir / "deid" / f"{name}.dicom"
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    return _loaded(policies_dir, name, changed)
