"""Taken out in the DCT domain: inside every block is flat, outside every coefficient is the same."""

from __future__ import annotations

from ctypes.util import find_library
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from gateway.pixels.boxes import Box
from gateway.pixels.encodings import PixelFacts, decoded
from gateway.pixels.findings import Finding
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.redact.jpeg import Span, flattened, span_of
from gateway.pixels.redact.markers import frame_of
from gateway.pixels.redact.turbojpeg import Blocks, transformed
from gateway.pixels.screen import CLEAN, REDACTED, screen
from tests.pixels.jpegs import TEXT, many, picture, real, saved

pytestmark = pytest.mark.skipif(find_library("turbojpeg") is None, reason="libturbojpeg is not installed")
JPEGS = dict(many())
REAL = dict(real())
ALL = pytest.mark.parametrize("kind", [*JPEGS, *REAL])
Coefficients = dict[tuple[int, int], np.ndarray]


def a_jpeg(kind: str) -> bytes:
    return JPEGS[kind] if kind in JPEGS else REAL[kind]


def coefficients(jpeg: bytes) -> Coefficients:
    """Every row of blocks of every component."""
    found: Coefficients = {}

    def look(component: int, row: int, blocks: Blocks) -> None:
        found[component, row] = blocks.copy()

    transformed(jpeg, look, progressive=False)
    return found


def inside(spans: list[Span], row: int, column: int) -> bool:
    return any(span.top <= row < span.bottom and span.first <= column < span.last for span in spans)


def test_there_are_enough_kinds() -> None:
    assert len(JPEGS) >= 50
    assert len(REAL) >= 5


@ALL
def test_blocks_inside_are_flat_and_all_others_are_the_same(kind: str) -> None:
    jpeg = a_jpeg(kind)
    frame = frame_of(jpeg)
    boxes = [TEXT, Box(frame.width - 9, frame.height - 9, frame.width, frame.height)]
    before, after = coefficients(jpeg), coefficients(flattened(jpeg, boxes))
    assert before.keys() == after.keys()
    spans = [[span_of(box, frame, part) for box in boxes] for part in frame.components]
    flat = same = 0
    for (component, row), blocks in before.items():
        part = frame.components[component]
        if row >= -(-frame.height * part.down // (8 * frame.down)):
            continue  # below the picture: what encoders fill the last row of MCUs up with
        for column, block in enumerate(blocks):
            new = after[component, row][column]
            if inside(spans[component], row, column):
                assert not new.any()
                flat += 1
            else:
                assert np.array_equal(new, block)
                same += 1
    assert flat > 0
    assert same > 0


@ALL
def test_the_picture_outside_is_as_before_and_inside_is_one_colour(kind: str) -> None:
    jpeg = a_jpeg(kind)
    before, after = (np.asarray(Image.open(BytesIO(each))) for each in (jpeg, flattened(jpeg, [TEXT])))
    assert before.shape == after.shape
    part = after[TEXT.top : TEXT.bottom, TEXT.left : TEXT.right]
    assert all(channel.std() == 0 for channel in np.atleast_3d(part[8:-8, 16:-16]).transpose(2, 0, 1))
    assert np.array_equal(before[144:], after[144:])  # a block of luma and one of chroma away from the box
    assert np.array_equal(before[:, 272:], after[:, 272:])


@ALL
def test_decoders_see_the_colour_space_that_they_saw_before(kind: str) -> None:
    jpeg = a_jpeg(kind)
    before, after = (Image.open(BytesIO(each)) for each in (jpeg, flattened(jpeg, [TEXT])))
    assert before.mode == after.mode
    assert before.info.get("adobe_transform") == after.info.get("adobe_transform")
    assert ("jfif" in before.info) == ("jfif" in after.info)
    assert before.info.get("icc_profile") == after.info.get("icc_profile")
    assert before.info.get("progressive") == after.info.get("progressive")


def test_comments_and_application_data_go() -> None:
    left = flattened(JPEGS["with comment, Exif and ICC"], [Box(0, 0, 1, 1)])
    assert b"Quillfeather" not in left
    assert b"Exif" not in left
    assert b"ICC_PROFILE" in left


def test_a_frame_keeps_its_length_where_it_fits() -> None:
    for kind in ("4:2:0 q82 usual tables, restart 0", "4:2:2 q98 usual tables, restart 0", "grey"):
        assert len(flattened(JPEGS[kind], [TEXT])) == len(JPEGS[kind])


def extended(jpeg: bytes) -> bytes:
    """Said to be arithmetic (SOF9), which decoders may not be able to read."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[:at] + b"\xff\xc9" + jpeg[at + 2 :]


PLAIN = saved(picture())
LOSSLESS = bytes(imagecodecs.ljpeg_encode(np.zeros((64, 64), np.uint8)))


@pytest.mark.parametrize(
    "broken",
    [b"", b"\xff\xd8", PLAIN[:20], PLAIN[: len(PLAIN) // 10], b"\0" * 500, extended(PLAIN), LOSSLESS,
     PLAIN.replace(b"\xff\xda", b"\xff\xd9"), b"\xff\xd8" + b"\xff\xe0\x00\x01" + PLAIN[2:]],
    ids=["empty", "start", "cut in the header", "cut early", "zeros", "arithmetic", "lossless", "no scan", "length"],
)  # fmt: skip
def test_what_cannot_be_understood_is_withheld(broken: bytes) -> None:
    with pytest.raises(CannotRedact):
        flattened(broken, [TEXT])


HERE = Path(__file__).parent / "real_jpegs"
ARITHMETIC = {path.stem: path.read_bytes() for path in sorted(HERE.glob("arithmetic*.jpg"))}  # by jpegtran -arithmetic


@pytest.mark.parametrize("kind", ARITHMETIC)
def test_an_arithmetic_jpeg_is_looked_at_like_any_other_and_withheld_if_something_has_to_go(kind: str) -> None:
    frame, facts = ARITHMETIC[kind], PixelFacts("1.2.840.10008.1.2.4.50", 200, 272, 3, photometric="YBR_FULL_422")
    assert frame_of(frame).process == {"arithmetic": 0xC9, "arithmetic_progressive": 0xCA}[kind]
    same = saved(picture(), quality=60, subsampling="4:2:0")
    assert np.array_equal(decoded(frame, facts), decoded(same, facts))
    with pytest.raises(CannotRedact):
        flattened(frame, [TEXT])
    with pytest.raises(CannotRedact):
        screen(lambda _number: frame, 1, facts, Sees(TEXT))
    assert screen(lambda _number: frame, 1, facts, Sees()).state == CLEAN
    redacted = screen(lambda _number: same, 1, facts, Sees(TEXT))
    assert redacted.state == REDACTED, "coded by Huffman it is taken out"


class Sees:
    """Eyes that see a box for as long as it is not flat."""

    def __init__(self, *boxes: Box) -> None:
        self._boxes = boxes

    def find(self, shown: np.ndarray) -> list[Finding]:
        there = [each for each in self._boxes if shown[each.top : each.bottom, each.left : each.right].std() > 1]
        return [Finding("text", each, 1.0) for each in there]

    def find_ink(self, _shown: np.ndarray) -> list[Finding]:
        return []

    find_rest = find_ink
