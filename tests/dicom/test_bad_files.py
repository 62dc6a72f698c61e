"""Bad input is refused with its reason, never guessed, and never by anything but a DicomError."""

from __future__ import annotations

import resource
from struct import pack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import load_plan
from gateway.deid.rewrite import rewrite
from gateway.dicom.errors import BadElement, DicomError, NestedTooDeep
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.errors import SlidegateError
from gateway.settings import ROOT
from tests.dicom.faults import EXPLICIT, FAULTS, IMPLICIT, NAME, PIXELS, a_file, element, implicit, nested

PLAN = load_plan(ROOT / "policies", "pathology-research")
KEYS = ProjectKeys(b"k" * 32)
GOOD = a_file(
    element(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.77.1.6")
    + element(0x00080018, b"UI", b"1.2.3.4.")
    + NAME
    + element(0x00100020, b"LO", b"MRN77192")
    + nested(3)
    + PIXELS
)


def through(data: bytes) -> bytes:
    return rewrite(read_header(BytesSource(data)), PLAN, KEYS)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_own_error(fault: str) -> None:
    data, error = FAULTS[fault]
    with pytest.raises(error) as refused:
        through(data)
    assert "Okonkwo" not in refused.value.message


def test_the_good_file_is_good() -> None:
    assert b"Okonkwo" not in through(GOOD)


@pytest.mark.parametrize("depth", [33, 1000, 20000])
@pytest.mark.parametrize("implicit", [False, True], ids=["explicit", "in UN"])
def test_no_depth_of_nesting_is_too_much_to_refuse(depth: int, implicit: bool) -> None:
    data = nested(depth)
    if implicit:
        data = data.replace(b"SQ\0\0", b"")  # items of implicit VR, in an element of undefined length and VR UN
        data = element(0x00400560, b"UN", data[8:], length=0xFFFFFFFF)
    with pytest.raises(NestedTooDeep):
        through(GOOD[: -len(PIXELS) - len(nested(3))] + data)


def test_a_sequence_of_defined_length_is_no_deeper() -> None:
    data = b""
    for _ in range(200):
        data = element(0x00400560, b"SQ", b"\xfe\xff\x00\xe0" + len(data).to_bytes(4, "little") + data)
    with pytest.raises(NestedTooDeep):
        through(GOOD[: -len(PIXELS) - len(nested(3))] + data)


@pytest.mark.parametrize("tag", [0x00280010, 0x00280030, 0x0048021E, 0x00480301, 0x00080018])
@pytest.mark.parametrize("hidden", [False, True], ids=["implicit", "in UN"])
def test_no_element_but_a_sequence_has_an_undefined_length_wherever_it_is(tag: int, hidden: bool) -> None:
    """What follows such an element would pass unseen if its length were believed."""
    inner = implicit(tag, b"", length=0xFFFFFFFF) + implicit(0x00FFFFF0, b"Okonkwo^Ngozi ")
    item = pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    if hidden:
        data = GOOD[: -len(PIXELS) - len(nested(3))] + element(0x52009230, b"UN", item)
    else:
        head = implicit(0x00080016, b"1.2.840.10008.5.1.4.1.1.77.1.6") + implicit(0x00080018, b"1.2.3.4.")
        data = a_file(head + implicit(0x00100020, b"MRN77192") + implicit(0x52009230, item), IMPLICIT)
    with pytest.raises(BadElement):
        through(data)


@given(st.integers(0, len(GOOD) - 1))
def test_a_file_cut_anywhere_is_refused_or_has_no_pixels(stop: int) -> None:
    try:
        header = read_header(BytesSource(GOOD[:stop]))
    except DicomError:
        return
    assert header.pixel is None


@given(st.integers(132, len(GOOD) - 1), st.binary(min_size=1, max_size=6))
@example(180, b"\xfe\xff\x00\xe0")
def test_no_damage_gives_anything_but_an_answer_or_a_refusal(at: int, damage: bytes) -> None:
    data = GOOD[:at] + damage + GOOD[at + len(damage) :]
    try:
        through(data)
    except SlidegateError:
        return


@given(st.binary(max_size=400))
def test_no_bytes_do(data: bytes) -> None:
    try:
        through(a_file(data, EXPLICIT))
    except SlidegateError:
        return


def test_a_deflate_bomb_is_refused_in_little_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DicomError):
        read_header(BytesSource(FAULTS["deflate bomb"][0]))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024  # KiB
