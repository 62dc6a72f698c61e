"""The mutation check: each rule, check and function switched off, one at a time, breaks a law that holds with it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.deid import rewrite as rewriting
from gateway.deid import values
from gateway.deid.errors import StillThere
from gateway.deid.marks import encoded, encoded_item
from gateway.deid.plan import Plan, Rule
from gateway.deid.recipe import Action
from gateway.deid.values import Patient
from gateway.dicom.encoding import EXPLICIT_LE, standard_vrs
from tests.deid.planting import OPTIONS, plan_of, planted, tag_of, value_for
from tests.deid.test_every_attribute import NEEDED, at_top, dataset_released, placed
from tests.deid.test_values import a_profile

NAMES = ["basic", "pathology-research", *OPTIONS]
OFF = Rule(Action.KEEP, "", (), "switched off")
NUMBERS = frozenset((b"DS", b"IS", b"UI", b"AS", b"DA", b"TM", b"DT"))


def sequence_of(keyword: str, *items: bytes) -> bytes:
    body = b"".join(encoded_item(item, EXPLICIT_LE) for item in items)
    return encoded(tag_of(keyword), b"SQ", body, EXPLICIT_LE)


def a_code(value: str, meaning: str = "said by Okonkwo") -> bytes:
    parts = ((0x00080100, b"SH", value), (0x00080102, b"SH", "DCM"), (0x00080104, b"LO", meaning))
    return b"".join(encoded(tag, vr, text.encode(), EXPLICIT_LE) for tag, vr, text in parts)


def a_step(concept: str, text: str) -> bytes:
    """A content item of specimen preparation that holds a text."""
    return (
        encoded(0x0040A040, b"CS", b"TEXT", EXPLICIT_LE)
        + sequence_of("ConceptNameCodeSequence", a_code(concept))
        + encoded(0x0040A160, b"UT", text.encode(), EXPLICIT_LE)
    )


def released(tag: int, element: bytes, plan: Plan) -> bytes:
    """What leaves of an instance that has this element."""
    return dataset_released(at_top({**placed((0x00400560,), b"", EXPLICIT_LE), tag: element}), plan, EXPLICIT_LE)


def secret_of(tag: int, rule: Rule) -> tuple[bytes, bytes]:
    """An element that holds something which the rule must not let out, and the bytes of that."""
    vr = standard_vrs(tag)[0]
    if tag == tag_of("ICCProfile"):
        return encoded(tag, vr, a_profile(), EXPLICIT_LE), b"Okonkwo"
    if vr != b"SQ":
        value = NEEDED[tag] if tag == 0x00100020 else value_for(tag, vr)
        return encoded(tag, vr, value, EXPLICIT_LE), value
    if rule.argument == "clean_content":
        return encoded(tag, vr, encoded_item(a_step("111703", "cut by Okonkwo"), EXPLICIT_LE), EXPLICIT_LE), b"111703"
    return planted(tag, EXPLICIT_LE), value_for(tag, b"LO")


def holds(tag: int, rule: Rule, plan: Plan) -> bool:
    """The law of one rule: its secret does not leave; a code stays, in the vocabulary's words."""
    if rule.argument == "code_check":
        element = encoded(tag, b"SQ", encoded_item(a_code("111744"), EXPLICIT_LE), EXPLICIT_LE)
        left = released(tag, element, plan)
        return b"111744" in left and b"Brightfield" in left and b"Okonkwo" not in left
    element, secret = secret_of(tag, rule)
    return secret not in released(tag, element, plan)


def lines_that_hide(plan: Plan) -> list[tuple[int, Rule]]:
    return [(tag, rule) for tag, rule in plan.rules.items() if rule.action is not Action.KEEP or rule.check is not None]


@pytest.mark.parametrize("name", NAMES)
def test_any_rule_switched_off_breaks_its_law(name: str) -> None:
    plan = plan_of(name)
    broken, unseen = [], []
    for tag, rule in lines_that_hide(plan):
        off = replace(plan, rules={**plan.rules, tag: replace(OFF, vrs=rule.vrs)})
        if not holds(tag, rule, plan):
            broken.append(f"{tag:08x} {rule.source}")
        if holds(tag, rule, off):
            unseen.append(f"{tag:08x} {rule.source}")
    assert broken == []
    assert unseen == []


@pytest.mark.parametrize("name", NAMES)
def test_an_attribute_that_no_line_names_does_not_leave_and_would_be_seen(name: str) -> None:
    plan = plan_of(name)
    unseen = []
    for keyword in ("PatientComments", "EncryptedContent", "ReasonForStudy", "TextString", "OtherPatientNames"):
        tag = tag_of(keyword)
        without = replace(plan, rules={each: rule for each, rule in plan.rules.items() if each != tag})
        named = replace(plan, rules={**plan.rules, tag: replace(OFF, vrs=standard_vrs(tag))})
        if not holds(tag, OFF, without) or holds(tag, OFF, named):
            unseen.append(keyword)
    assert unseen == []


def ill_formed(tag: int, vr: bytes) -> tuple[bytes, bytes]:
    return encoded(tag, vr, b"of Okonkwo", EXPLICIT_LE), b"Okonkwo"


def test_the_form_of_kept_values_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of("retain-full-dates")
    kept = {tag: rule.vrs[0] for tag, rule in plan.rules.items() if rule.action is Action.KEEP and rule.check is None}
    strict = {tag: vr for tag, vr in kept.items() if vr in NUMBERS}
    assert set(strict.values()) >= {b"DS", b"IS", b"DA", b"TM", b"DT"}
    assert [tag for tag, vr in strict.items() if b"Okonkwo" in released(tag, ill_formed(tag, vr)[0], plan)] == []
    monkeypatch.setattr(rewriting, "well_formed", lambda _vr, _value: True)
    assert [tag for tag, vr in strict.items() if b"Okonkwo" not in released(tag, ill_formed(tag, vr)[0], plan)] == []


OF_FUNCTIONS = {
    "uid": ("basic", "StudyInstanceUID"),
    "pseudonym": ("basic", "PatientName"),
    "shift": ("retain-modified-dates", "StudyDate"),
    "dummy": ("basic", "StationName"),
    "age": ("retain-patient-characteristics", "PatientAge"),
    "clean_text": ("clean-descriptors", "StudyDescription"),
}


def unchanged(value: bytes, _vr: bytes, _keyword: str, _patient: Patient) -> bytes:
    return value


@pytest.mark.parametrize("function", OF_FUNCTIONS)
def test_any_function_switched_off_breaks_its_law(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, keyword = OF_FUNCTIONS[function]
    plan, tag = plan_of(name), tag_of(keyword)
    rule = plan.rules[tag]
    assert rule.argument == function
    assert holds(tag, rule, plan)
    switched: dict[str, Callable[[bytes, bytes, str, Patient], bytes | None]] = {
        **values.FUNCTIONS,
        function: unchanged,
    }
    monkeypatch.setattr(rewriting, "FUNCTIONS", switched)
    try:
        assert not holds(tag, rule, plan)
    except StillThere:
        return  # the last gate has seen it


def test_every_function_of_values_is_switched_off_here() -> None:
    assert set(OF_FUNCTIONS) == set(values.FUNCTIONS) - {"quarantine"}
