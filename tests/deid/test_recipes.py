"""A recipe that does not say exactly what is to be done is refused when it is loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from deid.config import DeidRecipe
from pydicom.datadict import tag_for_keyword

from gateway.deid.errors import BadRecipe, UnknownPolicy
from gateway.deid.plan import CODES, Plan, load_plan
from gateway.deid.recipe import PRIVATE, Action, read_recipe
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
    "a dummy for a term, which must be one of its defined values": "REPLACE ScanOptions func:dummy",
    "a dummy for a number of fixed length": "REPLACE Rows func:dummy",
    "safe private elements for one attribute": "REPLACE PatientName func:safe_private",
    "safe private elements without their list": "REPLACE ALL func:safe_private",
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


RECIPES = sorted(path.stem for path in (POLICIES / "deid").glob("*.dicom"))
OPTIONS = [name for name in RECIPES if name.startswith(("retain-", "clean-"))]


@pytest.mark.parametrize("name", RECIPES)
def test_the_deid_library_can_load_our_recipes(name: str) -> None:
    theirs = DeidRecipe(deid=str(POLICIES / "deid" / f"{name}.dicom"))
    assert len(theirs.get_actions()) == len(read_recipe(POLICIES, name).lines)


def composed(folder: Path, extends: str, lines: str = "KEEP Rows") -> Plan:
    """A policy of the shipped recipes and some lines of its own."""
    shutil.copytree(POLICIES / "deid", folder / "deid", dirs_exist_ok=True)
    labels = LABELS.replace("Codes 113100", "Codes none") + f"ADD Extends {extends}\n"
    return loaded(folder, lines, labels=labels)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_alone_is_no_policy_and_composes_with_the_basic_profile(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="option"):
        load_plan(POLICIES, name)
    plan = composed(tmp_path, f"basic {name}")
    own = read_recipe(POLICIES, name)
    assert {code for code, _ in plan.codes} == {"113100", *own.labels["Codes"].split()}
    for line in own.lines:
        assert line.tag == PRIVATE or plan.rules[line.tag].action is line.action
    untouched = set(BASIC.rules) - {line.tag for line in own.lines} - {tag_for_keyword("Rows")}
    assert all(plan.rules[tag] == BASIC.rules[tag] for tag in untouched)


def test_there_is_a_recipe_for_every_option_of_the_standard() -> None:
    codes = {read_recipe(POLICIES, name).labels["Codes"] for name in OPTIONS}
    assert codes == set(CODES) - {"113100"}


def test_the_policies_own_lines_win_over_what_it_stands_on(tmp_path: Path) -> None:
    plan = composed(tmp_path, "basic retain-full-dates", "REMOVE StudyDate")
    assert plan.rules[0x00080020].action is Action.REMOVE
    assert plan.rules[0x00080021].action is Action.KEEP


def test_a_text_that_is_not_clean_goes_as_the_layer_below_says() -> None:
    rule = RESEARCH.rules[0x00081030]
    assert rule.argument == "clean_text"
    assert rule.otherwise == BASIC.rules[0x00081030]


@pytest.mark.parametrize(
    "extends", ["basic retain-full-dates retain-modified-dates", "basic nothing-like-it", "trial basic", "picture"]
)
def test_what_does_not_go_together_is_refused(extends: str, tmp_path: Path) -> None:
    with pytest.raises(BadRecipe):
        composed(tmp_path, extends)


def test_a_change_below_changes_the_hash(tmp_path: Path) -> None:
    before = composed(tmp_path, "basic clean-descriptors")
    below = tmp_path / "deid" / "basic.dicom"
    below.write_text(below.read_text("utf-8").replace("BLANK StudyTime", "REMOVE StudyTime"), "utf-8")
    after = load_plan(tmp_path, "trial")
    assert before.sha256 != after.sha256
    assert after.rules[0x00080030].action is Action.REMOVE


def test_a_change_of_the_safe_private_list_changes_the_hash(tmp_path: Path) -> None:
    before = composed(tmp_path, "basic retain-safe-private")
    listed = tmp_path / "deid" / "safe-private.toml"
    listed.write_text(listed.read_text("utf-8").replace("7053,xx09", "7053,xx0A"), "utf-8")
    assert load_plan(tmp_path, "trial").sha256 != before.sha256


def test_a_list_of_safe_private_elements_needs_the_line_that_uses_it(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="go together"):
        loaded(tmp_path, "KEEP Rows", labels=LABELS + "ADD SafePrivate safe-private.toml\n")


@pytest.mark.parametrize("fault", ['vr = "LO"', 'vr = ""', 'place = "0018,xx00"', 'creator = ""', "nonsense"])
def test_a_safe_private_list_holds_numbers_with_reasons_only(fault: str, tmp_path: Path) -> None:
    composed(tmp_path, "basic retain-safe-private")
    key = fault.partition(" ")[0]
    text = '[[element]]\ncreator = "A"\nplace = "0019,xx10"\nvr = "DS"\nwhy = "because"\n'
    lines = [fault if line.startswith(key) else line for line in text.splitlines()]
    (tmp_path / "deid" / "safe-private.toml").write_text("\n".join([*lines, fault if key == "nonsense" else ""]))
    with pytest.raises(BadRecipe):
        load_plan(tmp_path, "trial")


def test_basic_keeps_nothing_that_research_does_not() -> None:
    def kept(plan: Plan) -> set[int]:
        return {tag for tag, rule in plan.rules.items() if rule.action is Action.KEEP}

    assert kept(BASIC) < kept(RESEARCH)


def test_no_date_time_or_age_is_kept_by_the_basic_profile() -> None:
    timed = {b"DA", b"TM", b"DT", b"AS"}
    kept = [hex(tag) for tag, rule in BASIC.rules.items() if rule.action is Action.KEEP and timed & set(rule.vrs)]
    assert kept == []


def test_no_person_is_kept_by_any_policy() -> None:
    for plan in (BASIC, RESEARCH):
        assert not [tag for tag, rule in plan.rules.items() if rule.action is Action.KEEP and b"PN" in rule.vrs]
