"""Conformance to Table E.1-1 of PS3.15: each row, planted everywhere, under the profile and under each option."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import resources

import pytest
from pydicom.datadict import keyword_for_tag

from gateway.deid.marks import encoded, encoded_item
from gateway.deid.plan import Plan
from gateway.deid.recipe import PRIVATE, Action, read_recipe
from gateway.dicom.encoding import EXPLICIT_LE, IMPLICIT_LE, Encoding, standard_vrs
from tests.deid.planting import (
    BINARY,
    GROUPS_OF_MANY,
    OPTIONS,
    ROWS,
    left_standing,
    lines_of,
    plan_of,
    planted,
    tag_of,
    value_for,
    with_option,
)
from tests.deid.slides import BASIC, POLICIES, RESEARCH, WHOLE_SLIDE
from tests.deid.test_every_attribute import NEEDED, PLACES, at_top, dataset_released, placed

NAMES = ["basic", "pathology-research", *OPTIONS]
NO_IMAGE_HAS = {  # the table asks for a dummy, which is for objects that are no image: gone with what needs them
    "ContentSequence",
    "FlowIdentifierSequence",
    "GraphicAnnotationSequence",
    "PersonIdentificationCodeSequence",
    "VerifyingObserverSequence",
}
MAY = {  # what each action code of the table may come to
    "X": {"REMOVE"},
    "Z": {"BLANK", "dummy", "pseudonym"},
    "D": {"dummy", "pseudonym", "uid"},
    "U": {"uid"},
    "Z_D": {"BLANK", "dummy", "pseudonym"},
    "X_Z": {"REMOVE", "BLANK"},
    "X_D": {"REMOVE", "dummy"},
    "X_Z_D": {"REMOVE", "BLANK", "dummy"},
    "X_Z_U_STAR": {"KEEP"},  # its UIDs are replaced
}


def every_row(encoding: Encoding, tags: Iterable[int] = (*ROWS, *GROUPS_OF_MANY), vr: bytes = b"") -> dict[int, bytes]:
    """The rows, encoded, and what an instance cannot be without."""
    needed = {tag: encoded(tag, vr or standard_vrs(tag)[0], value, encoding) for tag, value in NEEDED.items()}
    return {**{tag: planted(tag, encoding, vr) for tag in tags if tag >= 0x80000}, **needed}


def at_place(place: str) -> dict[int, bytes]:
    """Where rows are planted: at the top, in an item, and either of them as UN; and as private twins."""
    match place:
        case "UN":
            return _as_un(every_row(EXPLICIT_LE))
        case "private":
            return _twins()
        case "item in UN":
            item = encoded_item(at_top(every_row(IMPLICIT_LE)), IMPLICIT_LE)
            return {
                **placed((0x00400560,), b"", EXPLICIT_LE),
                0x00400560: encoded(0x00400560, b"UN", item, EXPLICIT_LE),
            }
        case _ if PLACES[place]:
            return placed(PLACES[place], at_top(every_row(EXPLICIT_LE)), EXPLICIT_LE)
        case _:
            return every_row(EXPLICIT_LE)


def _as_un(body: dict[int, bytes]) -> dict[int, bytes]:
    """Each element with VR UN; the items of a sequence in UN are implicit VR (PS3.5 6.2.2)."""
    found = {}
    for tag in body:
        if standard_vrs(tag) == (b"SQ",):
            implicit = planted(tag, IMPLICIT_LE)[8:]
            found[tag] = encoded(tag, b"UN", implicit, EXPLICIT_LE)
        else:
            value = NEEDED.get(tag) or value_for(tag, standard_vrs(tag)[0] if standard_vrs(tag) else b"OB")
            found[tag] = encoded(tag, b"UN", value, EXPLICIT_LE)
    return found


def _twins() -> dict[int, bytes]:
    found = placed((0x00400560,), b"", EXPLICIT_LE)
    for tag in ROWS:
        kind = standard_vrs(tag)[0]
        twin = (tag | 0x00010000) & 0xFFFF00FF | 0x1000
        found[twin] = encoded(twin, b"LO", value_for(tag, b"LO" if kind == b"SQ" else kind), EXPLICIT_LE)
        found[twin & 0xFFFF0000 | 0x10] = encoded(twin & 0xFFFF0000 | 0x10, b"LO", b"SIEMENS MR HEADER", EXPLICIT_LE)
    return found


def kept_by(name: str) -> set[int]:
    """The rows of which a policy may leave values: those that its options keep, whatever is in them."""
    plan, options = plan_of(name), read_recipe(POLICIES, name).labels.get("Extends", name).split()
    lines = {line.tag for option in options if option in OPTIONS for line in lines_of(option)}
    kept = {tag for tag in lines & set(ROWS) if plan.rules[tag].action is Action.KEEP and not plan.rules[tag].check}
    references = {tag for tag, choice in ROWS.items() if choice == "X_Z_U_STAR"}
    return kept - (set() if name == "retain-uids" else references)


def shown(name: str) -> set[int]:
    """Of these, the ones whose value can be told from others', and that an instance may have at the top."""
    numbers = {tag for tag in ROWS if standard_vrs(tag)[0] in BINARY}
    return {tag for tag in kept_by(name) - numbers - set(NEEDED) if tag >= 0x80000}


@pytest.mark.parametrize("place", [*PLACES, "UN", "item in UN", "private"])
@pytest.mark.parametrize("name", NAMES)
def test_no_row_leaves_but_those_that_the_policy_retains(name: str, place: str) -> None:
    left = left_standing(dataset_released(at_top(at_place(place)), plan_of(name), EXPLICIT_LE))
    assert left - kept_by(name) == set()


@pytest.mark.parametrize("name", OPTIONS)
def test_what_an_option_retains_stays(name: str) -> None:
    data = dataset_released(at_top(at_place("top")), plan_of(name), EXPLICIT_LE)
    assert left_standing(data) == shown(name)


def test_the_profile_treats_each_row_as_the_table_says() -> None:
    other = []
    for tag, choice in ROWS.items():
        rule = BASIC.rules.get(tag)
        fixed = rule is not None and rule.action is Action.TEXT
        done = "REMOVE" if rule is None else "dummy" if fixed else rule.argument or rule.action.name
        if done not in MAY[choice] and (rule is None or _name(tag) not in NO_IMAGE_HAS):
            other.append((f"{tag:08x}", choice, done))
    assert other == []


def _name(tag: int) -> str:
    return keyword_for_tag(tag)


def test_an_option_speaks_of_rows_of_the_table_only() -> None:
    preparation = {line.tag for line in lines_of("clean-structured-content")}
    pixels = {tag_of("BurnedInAnnotation")}  # a recipe needs a line, and this one changes nothing
    for name in OPTIONS:
        assert {line.tag for line in lines_of(name)} - {PRIVATE, *ROWS} - preparation - pixels == set(), name


def test_retaining_uids_is_to_keep_every_row_of_uids_and_none_else() -> None:
    lines = {line.tag for line in lines_of("retain-uids")}
    rows = {tag for tag in ROWS if standard_vrs(tag) == (b"UI",)}
    not_retained = {tag_of("DigitalSignatureUID"), tag_of("UID")}  # the table's column for the option is empty
    assert {tag for tag in lines if standard_vrs(tag) == (b"UI",)} == rows - not_retained
    assert all(_name(tag).startswith(("Referenced", "Source")) for tag in lines if standard_vrs(tag) == (b"SQ",))


@pytest.mark.parametrize("name", ["retain-full-dates", "retain-modified-dates"])
def test_retaining_dates_is_about_dates_only(name: str) -> None:
    texts = {tag_of("TimezoneOffsetFromUTC")}
    vrs = {vr for line in lines_of(name) if line.tag not in texts for vr in standard_vrs(line.tag)}
    assert vrs <= {b"DA", b"DT", b"TM"}


def dates(plan: Plan) -> set[int]:
    """Days, and moments, of which a plan leaves anything."""
    return {
        tag
        for tag, rule in plan.rules.items()
        if set(rule.vrs) & {b"DA", b"DT"} and (rule.action is Action.KEEP or rule.argument == "shift")
    }


def test_shifted_dates_are_the_dates_that_full_dates_would_be() -> None:
    assert dates(with_option("retain-modified-dates")) == dates(with_option("retain-full-dates"))
    assert dates(RESEARCH) < dates(with_option("retain-full-dates"))


def whole_slides_elsewhere() -> dict[int, str]:
    """Tag -> action for a whole slide image in an allow-list that others wrote and gave reasons for (2025c)."""
    text = (resources.files("grand_challenge_dicom_de_id_procedure") / "procedure.json").read_text("utf-8")
    listed = json.loads(text)["sopClass"][WHOLE_SLIDE]["tag"]
    return {int(tag[1:5] + tag[6:10], 16): each["default"] for tag, each in listed.items() if "x" not in tag}


def test_of_texts_we_keep_unseen_only_what_another_allow_list_keeps_but_model_and_software() -> None:
    elsewhere = whole_slides_elsewhere()
    numbers = {b"DS", b"IS", b"AT", b"SQ", *BINARY}
    known = {tag_of("ManufacturerModelName"), tag_of("SoftwareVersions")}  # a dummy there; an analysis must know them
    kept = {
        tag
        for tag, rule in RESEARCH.rules.items()
        if rule.action is Action.KEEP and rule.check is None and not set(rule.vrs) <= numbers
    }
    assert len(elsewhere) > 400
    assert {tag for tag in kept if elsewhere.get(tag) != "K"} == known
