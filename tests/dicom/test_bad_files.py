"""Bad input is refused with its reason, never guessed, and never by anything but a DicomError."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from struct import pack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import load_plan
from gateway.deid.rewrite import rewrite
from gateway.dicom import errors
from gateway.dicom.errors import BadElement, DicomError, NestedTooDeep
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.errors import SlidegateError
from gateway.settings import ROOT
from tests.deid.slides import a_slide, encoded
from tests.dicom.faults import EXPLICIT, FAULTS, IMPLICIT, NAME, PIXELS, a_file, element, implicit, nested

PLAN = load_plan(ROOT / "policies", "pathology-research")
KEYS = ProjectKeys(b"k" * 32)
UNDEFINED_PIXELS = element(0x7FE00010, b"OB", b"", length=0xFFFFFFFF)
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


def slide_ending(pixels: bytes, **changes: object) -> bytes:
    """A slide of two frames with another end."""
    data = encoded(a_slide(**changes))
    pixel = read_header(BytesSource(data)).pixel
    assert pixel is not None
    return data[: pixel.start] + pixels


FRAMES = UNDEFINED_PIXELS + b"".join(pack("<HHI", 0xFFFE, 0xE000, len(each)) + each for each in (b"", b"one!", b"two!"))
END = pack("<HHI", 0xFFFE, 0xE0DD, 0)
ENDINGS = {
    "no pixel data": (b"", errors.BadFrames),
    "empty pixel data": (element(0x7FE00010, b"OB", b""), errors.BadFrames),
    "pixel data without an item": (UNDEFINED_PIXELS + END, errors.BadFrames),
    "no frame": (UNDEFINED_PIXELS + pack("<HHI", 0xFFFE, 0xE000, 0) + END, errors.BadFrames),
    "fewer frames than stated": (FRAMES[:-12] + END, errors.BadFrames),
    "no delimiter": (FRAMES, errors.DicomError),
    "a note after it": (FRAMES + END + b"Okonkwo, Ngozi  ", errors.BytesAfter),
    "zeros after it": (FRAMES + END + bytes(512), errors.BytesAfter),
    "a name after it": (FRAMES + END + NAME, errors.BytesAfter),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_pixel_data_that_make_no_sense_are_refused(ending: str) -> None:
    pixels, error = ENDINGS[ending]
    with pytest.raises(error) as refused:
        index_frames(read_header(BytesSource(slide_ending(pixels))))
    assert "Okonkwo" not in refused.value.message


def test_padding_and_signatures_may_follow_and_stay_behind() -> None:
    """PS3.10 7.2: Data Set Trailing Padding."""
    data = slide_ending(FRAMES + END + element(0xFFFCFFFC, b"OB", b"Okonkwo "))
    index = index_frames(read_header(BytesSource(data)))
    assert index.count == 2
    assert data[: index.end].endswith(END)


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_number_of_frames_that_is_none_is_refused(count: str) -> None:
    data = encoded(a_slide()).replace(
        b"IS\x02\x002 ",
        b"IS" + pack("<H", len(count) + len(count) % 2) + count.encode().ljust(len(count) + len(count) % 2),
    )
    with pytest.raises(errors.BadFrames):
        index_frames(read_header(BytesSource(data)))


@pytest.mark.parametrize("plan", ["basic", "pathology-research"])
def test_a_private_element_without_its_creator_goes(plan: str) -> None:
    slide = a_slide()
    slide.add_new(0x00191001, "LO", "Okonkwo")
    assert b"Okonkwo" not in rewrite(read_header(BytesSource(encoded(slide))), load_plan(ROOT / "policies", plan), KEYS)


ALONE = """
import re, sys
from pathlib import Path
from gateway.dicom import errors
from gateway.dicom.errors import TooLarge
from gateway.dicom.header import read_header
from gateway.dicom.source import FileSource
try:
    read_header(FileSource(Path(sys.argv[1])))
except TooLarge as refused:
    print(refused.code)
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_a_deflate_bomb_is_refused_in_little_memory(tmp_path: Path) -> None:
    """612 kB that inflate to 600 MB. A process of its own: getrusage would count what its parent once had."""
    bomb = tmp_path / "bomb.dcm"
    bomb.write_bytes(FAULTS["deflate bomb"][0])
    assert bomb.stat().st_size < 620_000
    said = subprocess.run(
        [sys.executable, "-c", ALONE, str(bomb)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, peak = said.stdout.split()
    assert code == "too-large"
    assert int(peak) < 256 * 1024  # KiB
