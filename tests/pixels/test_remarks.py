"""What a frame carries beside its picture does not leave, and the picture stays what it was."""

from __future__ import annotations

from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from gateway.demo.tissue import section
from gateway.pixels.encodings import PixelFacts, decoded
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.redact.remarks import without_remarks

NAME = b"scanned for Quillfeather"
PICTURE = section(3, 64, 64, "H&E", "breast")
JPEG, JPEG_LS, J2K, HTJ2K = (f"1.2.840.10008.1.2.4.{each}" for each in ("50", "80", "90", "201"))


def facts(syntax: str) -> PixelFacts:
    return PixelFacts(syntax, 64, 64, 3, photometric="YBR_FULL_422" if syntax == JPEG else "RGB")


def jpeg(**how: object) -> bytes:
    held = BytesIO()
    Image.fromarray(PICTURE).save(held, "JPEG", quality=80, **how)
    return held.getvalue()


FRAMES = {
    JPEG: jpeg(),
    JPEG_LS: bytes(imagecodecs.jpegls_encode(PICTURE)),
    J2K: bytes(imagecodecs.jpeg2k_encode(PICTURE, level=0, codecformat="J2K", reversible=True)),
    HTJ2K: bytes(imagecodecs.htj2k_encode(PICTURE, reversible=True)),
}


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def thumbnail() -> bytes:
    return segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\x08\x08" + NAME * 8)


@pytest.mark.parametrize("syntax", FRAMES)
def test_a_frame_that_is_nothing_but_its_picture_stays_the_very_frame(syntax: str) -> None:
    for frame in (FRAMES[syntax], FRAMES[syntax] + b"\0"):
        assert without_remarks(frame, facts(syntax)) is frame


def test_so_do_progressive_ones_with_restarts_and_colour_profiles() -> None:
    for frame in (jpeg(progressive=True), jpeg(restart_marker_rows=1), jpeg(icc_profile=b"a profile" * 9)):
        assert without_remarks(frame, facts(JPEG)) is frame


@pytest.mark.parametrize(
    "remark", [segment(0xFE, NAME), segment(0xE1, b"Exif\0\0" + NAME), segment(0xEC, NAME), thumbnail()],
    ids=["comment", "Exif", "a maker's", "thumbnail"],
)  # fmt: skip
@pytest.mark.parametrize("frame", [jpeg(), jpeg(progressive=True)], ids=["baseline", "progressive"])
def test_remarks_in_a_jpeg_go_and_it_keeps_its_length(frame: bytes, remark: bytes) -> None:
    clean = without_remarks(frame[:2] + remark + frame[2:], facts(JPEG))
    assert NAME not in clean
    assert len(clean) == len(frame) + len(remark)
    assert np.array_equal(decoded(clean, facts(JPEG)), decoded(frame, facts(JPEG)))


@pytest.mark.parametrize("syntax", FRAMES)
def test_nothing_stands_behind_the_end(syntax: str) -> None:
    frame = FRAMES[syntax]
    clean = without_remarks(frame + NAME, facts(syntax))
    assert NAME not in clean
    assert np.array_equal(decoded(clean, facts(syntax)), decoded(frame, facts(syntax)))


def test_comments_in_jpeg_2000_go_unless_they_name_the_encoder() -> None:
    frame = FRAMES[J2K]
    at = frame.index(b"\xff\x52")  # after SIZ
    clean = without_remarks(frame[:at] + segment(0x64, b"\0\1" + NAME) + frame[at:], facts(J2K))
    assert clean == frame
    named = frame[:at] + segment(0x64, b"\0\1Kakadu-v7.10.2") + frame[at:]
    assert without_remarks(named, facts(J2K)) is named


def test_a_remark_between_scans_or_in_a_tile_keeps_the_frame_here() -> None:
    scans = jpeg(progressive=True)
    second = scans.index(b"\xff\xda", scans.index(b"\xff\xda") + 2)
    with pytest.raises(CannotRedact):
        without_remarks(scans[:second] + segment(0xFE, NAME) + scans[second:], facts(JPEG))
    tile = FRAMES[J2K]
    begins = tile.index(b"\xff\x93")
    with pytest.raises(CannotRedact):
        without_remarks(tile[:begins] + segment(0x64, b"\0\1" + NAME) + tile[begins:], facts(J2K))


def test_what_is_no_picture_keeps_the_frame_here() -> None:
    for syntax in FRAMES:
        with pytest.raises(CannotRedact):
            without_remarks(NAME, facts(syntax))
