"""A recipe that does not say exactly what is to be done is refused when it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from deid.config import DeidRecipe

from gateway.deid.errors import BadRecipe, UnknownPolicy
from gateway.deid.plan import Plan, load_plan
from gateway.deid.recipe import Action
from tests.deid.slides import BASIC, POLICIES, RESEARCH

LABELS = "%labels\nADD Edition 2025c\nADD Codes 113100\nADD Summary A test\n"


def loaded(folder: Path, lines: str, *, labels: str = LABELS, name: str = "trial") -> Plan:
    (folder / "deid").mkdir(exist_ok=True)
    (folder / "deid" / f"{name}.dicom").write_text(f"FORMAT dicom\n{labels}\n%header\n{lines}\n", "utf-8")
    return load_plan(folder, name)


REFUSED = {
    "an unknown action": "ERASE PatientName",
    "an action in small letters": "remove PatientName",
    "a misspelt attribute": "REMOVE PatientNmae",
    "no attribute": "REMOVE",
    "a function that does not exist": "REPLACE PatientName func:anonymise",
    "a variable": "REPLACE PatientName var:name",
    "no value": "REPLACE PatientName",
    "jitter": "JITTER StudyDate 31",
    "jitter without its variable": "JITTER StudyDate var:days",
    "an attribute named twice": "KEEP Rows\nREMOVE Rows",
    "an attribute named twice alike": "KEEP Rows\nKEEP Rows",
    "a value for keep": "KEEP Rows 12",
    "a field pattern": "REMOVE contains:Name",
    "all fields": "REMOVE ALL",
    "a pattern of endings": "REMOVE endswith:Time",
    "a function for another kind of value": "REPLACE PatientName func:shift",
    "a function of codes for a text": "REPLACE PatientName func:code_check",
    "a function of texts for a sequence": "REPLACE OpticalPathSequence func:dummy",
    "a term that has no defined values": "KEEP ScanOptions",
    "text that is not ASCII": "REPLACE InstitutionName Universitätsklinik",
    "a section that is not known": "%filter dangerouscookie\nLABEL x",
    "an attribute with a tag of its own": "REMOVE (0010,0010)",
}


@pytest.mark.parametrize("fault", REFUSED)
def test_the_linter_refuses(fault: str, tmp_path: Path) -> None:
    with pytest.raises(BadRecipe):
        loaded(tmp_path, REFUSED[fault])


@pytest.mark.parametrize("missing", ["Edition", "Codes", "Summary"])
def test_a_recipe_states_its_edition_codes_and_summary(missing: str, tmp_path: Path) -> None:
    labels = "\n".join(line for line in LABELS.splitlines() if missing not in line)
    with pytest.raises(BadRecipe):
        loaded(tmp_path, "KEEP Rows", labels=labels)


def test_a_code_that_the_standard_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe):
        loaded(tmp_path, "KEEP Rows", labels=LABELS.replace("113100", "999999"))


@pytest.mark.parametrize("name", ["none", "../deid/basic", "", "Basic", "basic.dicom", "a" * 99])
def test_a_policy_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UnknownPolicy):
        load_plan(POLICIES, name)


def test_a_changed_recipe_is_read_anew_and_has_another_hash(tmp_path: Path) -> None:
    before = loaded(tmp_path, "KEEP Rows")
    after = loaded(tmp_path, "KEEP Rows\nKEEP Columns")
    assert before.sha256 != after.sha256
    assert len(after.rules) == 2


@pytest.mark.parametrize("name", ["basic", "pathology-research"])
def test_the_deid_library_can_load_our_recipes(name: str) -> None:
    recipe = DeidRecipe(deid=str(POLICIES / "deid" / f"{name}.dicom"))
    assert len(recipe.get_actions()) == len(load_plan(POLICIES, name).rules)


def test_basic_keeps_nothing_that_research_does_not() -> None:
    def kept(plan: Plan) -> set[int]:
        return {tag for tag, rule in plan.rules.items() if rule.action not in (Action.REMOVE, Action.BLANK)}

    assert kept(BASIC) < kept(RESEARCH)


def test_no_date_time_or_age_is_kept_by_the_basic_profile() -> None:
    timed = {b"DA", b"TM", b"DT", b"AS"}
    kept = [hex(tag) for tag, rule in BASIC.rules.items() if rule.action is Action.KEEP and timed & set(rule.vrs)]
    assert kept == []


def test_no_person_is_kept_by_any_policy() -> None:
    for plan in (BASIC, RESEARCH):
        assert not [tag for tag, rule in plan.rules.items() if rule.action is Action.KEEP and b"PN" in rule.vrs]
