"""Conformance: every attribute of PS3.6, planted at the top, in items, in UN and as private twin.

What leaves is what the recipe names, and of that only what is well formed; nothing else, at any depth.
"""

from __future__ import annotations

from struct import pack

import pytest
from pydicom._dicom_dict import DicomDictionary

from gateway.deid.marks import encoded, encoded_item, marks
from gateway.deid.plan import Plan
from gateway.deid.recipe import Action
from gateway.deid.rewrite import rewrite
from gateway.dicom.encoding import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, Encoding, standard_vrs
from gateway.dicom.header import Header
from gateway.dicom.source import BytesSource
from tests.deid.slides import BASIC, CLEAR, KEYS, RESEARCH, WHOLE_SLIDE, walked

PLANS = pytest.mark.parametrize("plan", [BASIC, RESEARCH], ids=["basic", "research"])
ENCODINGS = pytest.mark.parametrize("encoding", [EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE], ids=["LE", "implicit", "BE"])
FREE_TEXTS_KEPT = {0x00080070, 0x00081090, 0x00181020}  # maker, model, software: what an analysis must know
PLACES = {  # path of kept sequences from the top to where attributes are planted
    "top": (),
    "specimen": (0x00400560,),
    "preparation": (0x00400560, 0x00400610, 0x00400612),
    "optical path": (0x00480105,),
    "frame": (0x52009230, 0x00209111),
    "request": (0x00400275,),
}
TEXT = frozenset((b"AE", b"LO", b"SH", b"PN", b"ST", b"LT", b"UC", b"UT", b"UR", b"UN", b"OB", b"CS"))
NEEDED = {0x00080016: WHOLE_SLIDE.encode(), 0x00080018: CLEAR.encode() + b"1", 0x00100020: b"MRN7719203"}


def planted(tag: int, vr: bytes) -> bytes:
    """A value that no other tag has, well formed where that can be."""
    match vr:
        case b"SQ":
            return b""
        case b"UI":
            return f"{CLEAR}{tag}".encode()
        case b"DA":
            return b"19310405"
        case b"TM":
            return b"101500"
        case b"DT":
            return b"19310405101500"
        case b"IS" | b"DS":
            return b"7"
        case b"AS":
            return b"042Y"
        case b"CS":
            return f"X{tag:08X}".encode()
        case _:
            return f"Plant{tag:08x}!".encode()[:16]


def attributes(encoding: Encoding) -> dict[int, bytes]:
    """Every attribute of the dictionary, encoded, but file meta, pixels and delimiters."""
    found = {}
    for tag in sorted(DicomDictionary):
        vrs = standard_vrs(tag)
        if vrs and 8 <= tag >> 16 < 0x7FE0:
            value = NEEDED.get(tag) or planted(tag, vrs[0])
            found[tag] = encoded(tag, vrs[0], value, encoding)
    return found


def at_top(body: dict[int, bytes]) -> bytes:
    return b"".join(body[tag] for tag in sorted(body))


def placed(path: tuple[int, ...], body: bytes, encoding: Encoding) -> dict[int, bytes]:
    """The needed attributes, and the body down the path of sequences."""
    for tag in reversed(path):
        body = encoded(tag, b"SQ", encoded_item(body, encoding), encoding)
    top = {tag: encoded(tag, b"UI" if tag >> 16 == 8 else b"LO", value, encoding) for tag, value in NEEDED.items()}
    return {**top, path[0]: body}


def dataset_released(dataset: bytes, plan: Plan, encoding: Encoding) -> bytes:
    """The rewritten dataset, without preamble and meta."""
    header = Header("1.2.840.10008.1.2.1", encoding, b"", dataset, 0, None, 0, BytesSource(b""))
    front = rewrite(header, plan, KEYS)
    length = int.from_bytes(front[140:144], "little")
    return front[144 + length :]


def unnamed(dataset: bytes, plan: Plan, encoding: Encoding) -> list[str]:
    """Tags that left although the plan does not let them."""
    inside_codes = {0x00080100, 0x00080102, 0x00080103, 0x00080104}
    allowed = {tag for tag, rule in plan.rules.items() if rule.action is not Action.REMOVE}
    allowed |= set(marks(plan, encoding)) | inside_codes | {0x0040A160}
    return [f"{tag:08x}" for tag, _vr, _value in walked(dataset, encoding) if tag not in allowed]


def survivors(dataset: bytes, encoding: Encoding) -> set[int]:
    """Tags whose planted text is still in the bytes."""
    values = {tag: planted(tag, standard_vrs(tag)[0]) for tag in DicomDictionary if standard_vrs(tag)}
    return {tag for tag, value in values.items() if standard_vrs(tag)[0] in TEXT | {b"UI"} and value in dataset}


@PLANS
@ENCODINGS
@pytest.mark.parametrize("place", PLACES)
def test_only_what_the_plan_names_leaves(plan: Plan, encoding: Encoding, place: str) -> None:
    body = attributes(encoding)
    path = PLACES[place]
    source = at_top(placed(path, at_top(body), encoding) if path else body)
    left = dataset_released(source, plan, encoding)
    assert unnamed(left, plan, encoding) == []
    assert survivors(left, encoding) <= FREE_TEXTS_KEPT


@PLANS
@pytest.mark.parametrize("place", [name for name, path in PLACES.items() if path])
def test_what_hides_in_un_is_treated_alike(plan: Plan, place: str) -> None:
    path = PLACES[place]
    body = encoded_item(at_top(attributes(IMPLICIT_LE)), IMPLICIT_LE)
    for tag in reversed(path[1:]):
        body = encoded_item(encoded(tag, b"SQ", body, IMPLICIT_LE), IMPLICIT_LE)
    top = {tag: encoded(tag, b"UI" if tag >> 16 == 8 else b"LO", value, EXPLICIT_LE) for tag, value in NEEDED.items()}
    left = dataset_released(at_top({**top, path[0]: encoded(path[0], b"UN", body, EXPLICIT_LE)}), plan, EXPLICIT_LE)
    assert unnamed(left, plan, EXPLICIT_LE) == []
    assert survivors(left, EXPLICIT_LE) <= FREE_TEXTS_KEPT


@PLANS
def test_an_attribute_encoded_as_un_is_treated_as_itself(plan: Plan) -> None:
    body = {}
    for tag in attributes(EXPLICIT_LE):
        value = NEEDED.get(tag) or planted(tag, standard_vrs(tag)[0])
        body[tag] = encoded(tag, b"UN", value, EXPLICIT_LE)
    left = dataset_released(at_top(body), plan, EXPLICIT_LE)
    assert unnamed(left, plan, EXPLICIT_LE) == []
    assert survivors(left, EXPLICIT_LE) <= FREE_TEXTS_KEPT


@PLANS
@ENCODINGS
def test_private_twins_are_removed(plan: Plan, encoding: Encoding) -> None:
    body = placed((0x00400560,), b"", encoding)
    for tag in attributes(encoding):
        twin = (tag | 0x00010000) & 0xFFFF00FF | 0x1000
        body[twin] = encoded(twin, b"LO", planted(tag, b"LO"), encoding)
        creator = twin & 0xFFFF0000 | 0x0010
        body[creator] = encoded(creator, b"LO", b"PLANTED CREATOR", encoding)
    left = dataset_released(at_top(body), plan, encoding)
    assert unnamed(left, plan, encoding) == []
    assert b"PLANTED" not in left
    assert b"Plant" not in left


@PLANS
def test_overlays_curves_signatures_and_strays_are_removed(plan: Plan) -> None:
    strays = {
        0x00020016: b"AE", 0x00080000: b"UL", 0x50000010: b"US", 0x50003000: b"OW", 0x60003000: b"OW",
        0x60004000: b"LT", 0x601E3000: b"OW", 0xFFFAFFFA: b"SQ", 0xFFFCFFFC: b"OB",
    }  # fmt: skip
    body = placed((0x00400560,), b"", EXPLICIT_LE)
    for tag, vr in strays.items():
        body[tag] = encoded(tag, vr, b"" if vr == b"SQ" else b"Planted!", EXPLICIT_LE)
    left = dataset_released(at_top(body), plan, EXPLICIT_LE)
    assert b"Planted" not in left
    assert unnamed(left, plan, EXPLICIT_LE) == []


@PLANS
def test_every_uid_is_mapped_wherever_it_stands(plan: Plan) -> None:
    body = attributes(EXPLICIT_LE)
    left = dataset_released(at_top({**body, **placed((0x00400560,), at_top(body), EXPLICIT_LE)}), plan, EXPLICIT_LE)
    uids = [value.rstrip(b"\0") for _tag, vr, value in walked(left, EXPLICIT_LE) if vr == b"UI"]
    assert uids
    assert all(uid.startswith((b"2.25.", b"1.2.840.10008.")) for uid in uids)


def test_padding_after_the_dataset_is_no_part_of_it() -> None:
    body = at_top(placed((0x00400560,), b"", EXPLICIT_LE)) + pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 4) + b"Pad!"
    assert b"Pad!" not in dataset_released(body, RESEARCH, EXPLICIT_LE)
