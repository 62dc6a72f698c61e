"""Values in rare forms: other scripts, escapes, offsets, private numbers, content items, strays at any depth."""

from __future__ import annotations

from struct import pack

import pytest
from pydicom.valuerep import validate_value

from gateway.deid.codes import clean_codes
from gateway.deid.errors import StillThere
from gateway.deid.marks import encoded, encoded_item
from gateway.deid.plan import Plan
from gateway.deid.values import DUMMIES, well_formed
from gateway.dicom.encoding import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, Encoding
from tests.deid.planting import plan_of, tag_of
from tests.deid.slides import BASIC, KEYS, RESEARCH, walked
from tests.deid.test_every_attribute import PLACES, at_top, dataset_released, placed
from tests.deid.test_mutations import a_code, a_step, released, sequence_of

ENCODINGS = pytest.mark.parametrize("encoding", [EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE], ids=["LE", "implicit", "BE"])
NAMES = {  # a name in groups of characters, as the standard's own examples have it (PS3.5 annexes H, I, K)
    "ISO 2022 IR 87": (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"),
    "ISO 2022 IR 149": b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    "GB18030": "Wang^XiaoDong=王^小东".encode("gb18030"),
    "ISO_IR 13": b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=",
    "ISO_IR 144": "Люкceмбypг".encode("iso8859_5"),
}


def named(charset: str, name: bytes) -> dict[int, bytes]:
    return {
        **placed((0x00400560,), b"", EXPLICIT_LE),
        0x00080005: encoded(0x00080005, b"CS", b"\\" + charset.encode(), EXPLICIT_LE),
        0x00100010: encoded(0x00100010, b"PN", name, EXPLICIT_LE),
    }


@pytest.mark.parametrize("charset", NAMES)
@pytest.mark.parametrize("plan", [BASIC, RESEARCH], ids=["basic", "research"])
def test_a_name_of_any_script_is_gone_in_all_its_groups(charset: str, plan: Plan) -> None:
    left = dataset_released(at_top(named(charset, NAMES[charset])), plan, EXPLICIT_LE)
    groups = [part for group in NAMES[charset].split(b"=") for part in group.split(b"^") if part]
    assert groups
    assert [part for part in groups if part in left] == []
    assert b"\x1b" not in left


@pytest.mark.parametrize("charset", NAMES)
def test_a_name_of_any_script_in_a_kept_text_is_withheld(charset: str) -> None:
    body = named(charset, NAMES[charset])
    model = 0x00081090
    part = next(part for group in reversed(NAMES[charset].split(b"=")) for part in group.split(b"^") if len(part) > 3)
    body[model] = encoded(model, b"LO", b"Scanner of " + part, EXPLICIT_LE)
    with pytest.raises(StillThere):
        dataset_released(at_top(body), RESEARCH, EXPLICIT_LE)


@pytest.mark.parametrize("concept", ["121041", "111705", "111700"])
def test_numbers_that_pathology_gave_become_pseudonyms(concept: str) -> None:
    """PS3.15 E.3.4-1: Specimen Identifier, Parent Specimen Identifier, Specimen Container Identifier."""
    plan, tag = plan_of("clean-structured-content"), tag_of("SpecimenPreparationStepContentItemSequence")
    item = encoded_item(a_step(concept, "PATH26-7001-A1"), EXPLICIT_LE)
    left = released(tag, encoded(tag, b"SQ", item, EXPLICIT_LE), plan)
    kind = "container" if concept == "111700" else "SpecimenIdentifier"
    assert b"PATH26" not in left
    assert KEYS.pseudonym(kind, "PATH26-7001-A1").encode() in left


def test_a_content_item_stays_in_order_whatever_it_holds() -> None:
    plan, tag = plan_of("clean-structured-content"), tag_of("SpecimenPreparationStepContentItemSequence")
    value = sequence_of("ConceptCodeSequence", a_code("111744"))
    item = encoded_item(a_step("121041", "PATH26-7001-A1") + value, EXPLICIT_LE)
    left = released(tag, encoded(tag, b"SQ", item, EXPLICIT_LE), plan)
    inside = [tag for tag, _vr, _value in walked(left, EXPLICIT_LE) if tag in (0x0040A043, 0x0040A160, 0x0040A168)]
    assert inside == [0x0040A043, 0x0040A160, 0x0040A168]


@pytest.mark.parametrize("concept", ["121041", "111703", "111718"])
@pytest.mark.parametrize("value_type", ["PNAME", "UIDREF", "DATETIME", "DATE", "TIME", "IMAGE", "OKONKWO"])
def test_a_content_item_of_another_type_goes_but_for_the_number(value_type: str, concept: str) -> None:
    plan, tag = plan_of("clean-structured-content"), tag_of("SpecimenPreparationStepContentItemSequence")
    item = (
        encoded(0x0040A040, b"CS", value_type.encode(), EXPLICIT_LE)
        + sequence_of("ConceptNameCodeSequence", a_code(concept))
        + encoded(0x0040A120, b"DT", b"20240311101500", EXPLICIT_LE)
        + encoded(0x0040A123, b"PN", b"Okonkwo^Ngozi", EXPLICIT_LE)
        + encoded(0x0040A124, b"UI", b"1.2.826.0.1.77", EXPLICIT_LE)
    )
    left = released(tag, encoded(tag, b"SQ", encoded_item(item, EXPLICIT_LE), EXPLICIT_LE), plan)
    assert [secret for secret in (b"Okonkwo", b"20240311", b"1.2.826.0.1.77", b"OKONKWO") if secret in left] == []


def strays(encoding: Encoding) -> dict[int, bytes]:
    vrs = {0x00000010: b"UL", 0x00020016: b"AE", 0x00080000: b"UL", 0x50000010: b"US", 0x50123000: b"OW",
           0x60003000: b"OW", 0x60004000: b"LT", 0x601E3000: b"OW", 0xFFFCFFFC: b"OB"}  # fmt: skip
    return {tag: encoded(tag, vr, b"Planted!", encoding) for tag, vr in vrs.items()}


@ENCODINGS
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("plan", [BASIC, RESEARCH], ids=["basic", "research"])
def test_command_groups_overlays_curves_and_padding_go_at_any_depth(plan: Plan, place: str, encoding: Encoding) -> None:
    path = PLACES[place]
    body = strays(encoding)
    source = placed(path, at_top(body), encoding) if path else {**body, **placed((0x00400560,), b"", encoding)}
    assert b"Planted" not in dataset_released(at_top(source), plan, encoding)


SIEMENS = b"SIEMENS MR HEADER "


def private(
    creator: bytes, block: int, elements: dict[int, tuple[bytes, bytes]], encoding: Encoding
) -> dict[int, bytes]:
    """A private block of group 0019."""
    found = {0x00190000 | block: encoded(0x00190000 | block, b"LO", creator, encoding)}
    for low, (vr, value) in elements.items():
        tag = 0x00190000 | block << 8 | low
        found[tag] = encoded(tag, vr, value, encoding)
    return found


@ENCODINGS
@pytest.mark.parametrize("block", [0x10, 0x11, 0xFE])
@pytest.mark.parametrize("place", ["top", "specimen", "frame"])
def test_safe_private_elements_stay_where_they_are_numbers(place: str, block: int, encoding: Encoding) -> None:
    plan = plan_of("retain-safe-private")
    numbers: dict[int, tuple[bytes, bytes]] = {
        0x0C: (b"IS", b"1000"), 0x0E: (b"FD", pack("<3d", 0.25, 0.5, 0.75)), 0x0F: (b"LO", b"Planted!"),
    }  # fmt: skip
    body = {**private(SIEMENS, block, numbers, encoding), **private(b"OKONKWO", 0xFF, {0x0C: (b"IS", b"2")}, encoding)}
    path = PLACES[place]
    source = placed(path, at_top(body), encoding) if path else {**body, **placed((0x00400560,), b"", encoding)}
    left = {tag: value for tag, _vr, value in walked(dataset_released(at_top(source), plan, encoding), encoding)}
    assert {tag for tag in left if tag >> 16 & 1} == {
        0x00190000 | block,
        0x0019000C | block << 8,
        0x0019000E | block << 8,
    }
    assert left[0x0019000C | block << 8] == b"1000"
    without = dataset_released(at_top(source), BASIC, encoding)
    assert not [tag for tag, _vr, _value in walked(without, encoding) if tag >> 16 & 1]


@pytest.mark.parametrize(
    ("creator", "vr", "value"),
    [
        (SIEMENS, b"IS", b"of Okonkwo"),
        (SIEMENS, b"LO", b"of Okonkwo"),
        (SIEMENS, b"UN", b"of Okonkwo"),
        (b"SIEMENS", b"IS", b"1000"),
        (b"", b"IS", b"1000"),
    ],
)
def test_a_private_element_that_is_not_quite_the_safe_one_goes(creator: bytes, vr: bytes, value: bytes) -> None:
    body = private(creator, 0x10, {0x0C: (vr, value)}, EXPLICIT_LE)
    source = {**body, **placed((0x00400560,), b"", EXPLICIT_LE)}
    left = dataset_released(at_top(source), plan_of("retain-safe-private"), EXPLICIT_LE)
    assert 0x0019100C not in {tag for tag, _vr, _value in walked(left, EXPLICIT_LE)}
    assert b"Okonkwo" not in left


def test_a_private_element_without_its_creator_goes() -> None:
    body = private(SIEMENS, 0x10, {0x0C: (b"IS", b"1000")}, EXPLICIT_LE)
    del body[0x00190010]
    source = {**body, **placed((0x00400560,), b"", EXPLICIT_LE)}
    left = dataset_released(at_top(source), plan_of("retain-safe-private"), EXPLICIT_LE)
    assert 0x0019100C not in {tag for tag, _vr, _value in walked(left, EXPLICIT_LE)}


@pytest.mark.parametrize("vr", sorted(DUMMIES))
def test_a_dummy_is_valid_for_its_vr(vr: bytes) -> None:
    assert DUMMIES[vr]
    assert well_formed(vr, DUMMIES[vr])
    if vr not in (b"OB", b"UN"):
        validate_value(vr.decode(), DUMMIES[vr].decode(), validation_mode=2)


@pytest.mark.parametrize(
    ("vr", "value", "well"),
    [
        (b"DA", b"20240301", True),
        (b"DA", b"20240301\\20240302 ", True),
        (b"DA", b"20241399", False),
        (b"DA", b"20240301-20240401", False),
        (b"TM", b"101500.12", True),
        (b"TM", b"0770090012", False),
        (b"DT", b"20240301101500.5+0100", True),
        (b"DT", b"20240301101500-20250101", False),
        (b"DT", b"202403", False),
    ],
)
def test_a_kept_day_or_time_is_one(vr: bytes, value: bytes, well: bool) -> None:
    assert well_formed(vr, value) is well


def test_a_code_that_says_more_than_its_value_says_it_no_more() -> None:
    item = a_code("111744") + encoded(0x00080119, b"UC", b"Okonkwo", EXPLICIT_LE)
    assert b"Okonkwo" not in clean_codes(encoded_item(item, EXPLICIT_LE), EXPLICIT_LE)


def test_a_header_never_claims_that_its_pixels_are_clean() -> None:
    """113101 is for who has looked at them; the other options of a policy are said."""
    body = at_top(placed((0x00400560,), b"", EXPLICIT_LE))
    assert b"113103" in dataset_released(body, plan_of("clean-graphics"), EXPLICIT_LE)
    assert b"113101" not in dataset_released(body, plan_of("clean-pixel-data"), EXPLICIT_LE)
