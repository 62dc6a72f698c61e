"""Every encoding: the box is gone, all else is the same, and what cannot be done without loss is withheld."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.pixels.encoders import RLELosslessEncoder

from gateway.pixels.boxes import Box
from gateway.pixels.encodings import WITHHOLD, WITHOUT_LOSS, CannotDecode, PixelFacts, decoded
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.redact.frames import redacted
from tests.pixels.jpegs import picture

BOX = Box(40, 60, 230, 100)
RGB = np.asarray(picture())
GREY = np.asarray(picture().convert("L"))
DEEP = GREY.astype(np.uint16) * 16
LITTLE, J2K, HTJ2K, JLS, LJPEG, RLE = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.5",
)  # fmt: skip


def facts(syntax: str, pixels: np.ndarray, **more: object) -> PixelFacts:
    rows, columns, *samples = pixels.shape
    bits = pixels.dtype.itemsize * 8
    return PixelFacts(syntax, rows, columns, *(samples or [1]), bits, bits, **more)  # type: ignore[arg-type]


def planes(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0))


def run_lengths(pixels: np.ndarray) -> bytes:
    rows, columns, *samples = pixels.shape
    bits = pixels.dtype.itemsize * 8
    return RLELosslessEncoder.encode(
        pixels, encoding_plugin="pydicom", rows=rows, columns=columns, samples_per_pixel=(samples or [1])[0],
        bits_allocated=bits, bits_stored=bits, pixel_representation=0, number_of_frames=1, planar_configuration=0,
        photometric_interpretation="RGB" if samples else "MONOCHROME2",
    )  # fmt: skip


CASES = {
    "native RGB": (RGB.tobytes(), facts(LITTLE, RGB, photometric="RGB"), RGB),
    "native RGB by planes": (planes(RGB).tobytes(), facts(LITTLE, RGB, photometric="RGB", planar=True), RGB),
    "native grey": (GREY.tobytes(), facts(LITTLE, GREY), GREY),
    "native 16 bits": (DEEP.tobytes(), facts(LITTLE, DEEP), DEEP),
    "native big endian": (DEEP.astype(">u2").tobytes(), facts("1.2.840.10008.1.2.2", DEEP), DEEP),
    "JPEG 2000": (imagecodecs.jpeg2k_encode(RGB, level=0, codecformat="J2K", reversible=True), facts(J2K, RGB), RGB),
    "JPEG 2000, 16 bits": (
        imagecodecs.jpeg2k_encode(DEEP, level=0, codecformat="J2K", reversible=True), facts(J2K, DEEP), DEEP,
    ),
    "HTJ2K": (imagecodecs.htj2k_encode(RGB, reversible=True), facts(HTJ2K, RGB), RGB),
    "JPEG-LS": (imagecodecs.jpegls_encode(RGB), facts(JLS, RGB), RGB),
    "JPEG-LS, 16 bits": (imagecodecs.jpegls_encode(DEEP), facts(JLS, DEEP), DEEP),
    "JPEG lossless": (imagecodecs.ljpeg_encode(DEEP), facts(LJPEG, DEEP), DEEP),
    "RLE": (run_lengths(RGB), facts(RLE, RGB), RGB),
    "RLE, 16 bits": (run_lengths(DEEP), facts(RLE, DEEP), DEEP),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_the_box_is_gone_and_all_else_is_the_same(kind: str) -> None:
    frame, about, pixels = CASES[kind]
    assert np.array_equal(decoded(bytes(frame), about), pixels)
    after = decoded(redacted(bytes(frame), [BOX], about), about)
    expected = pixels.copy()
    expected[BOX.top : BOX.bottom, BOX.left : BOX.right] = 0
    assert np.array_equal(after, expected)


@pytest.mark.parametrize("kind", CASES)
def test_a_frame_without_a_box_on_it_is_untouched(kind: str) -> None:
    frame, about, _ = CASES[kind]
    assert redacted(bytes(frame), [BOX.moved(5000, 0)], about) is bytes(frame)


IRREVERSIBLE = {
    "JPEG-LS": ("1.2.840.10008.1.2.4.81", imagecodecs.jpegls_encode(RGB, level=3), RGB),
    "JPEG 2000": (
        "1.2.840.10008.1.2.4.91", imagecodecs.jpeg2k_encode(RGB, level=40, codecformat="J2K", reversible=False), RGB,
    ),
    "JPEG 2000, 16 bits": (
        "1.2.840.10008.1.2.4.91", imagecodecs.jpeg2k_encode(DEEP, level=60, codecformat="J2K", reversible=False), DEEP,
    ),
    "HTJ2K": ("1.2.840.10008.1.2.4.203", imagecodecs.htj2k_encode(RGB, level=0.01, reversible=False), RGB),
}  # fmt: skip


@pytest.mark.parametrize("kind", IRREVERSIBLE)
def test_what_lost_something_is_withheld_where_the_policy_says_nothing(kind: str) -> None:
    syntax, frame, pixels = IRREVERSIBLE[kind]
    assert not np.array_equal(decoded(bytes(frame), facts(syntax, pixels)), pixels), "it did lose something"
    for about in (facts(syntax, pixels), facts(syntax, pixels, irreversible=WITHHOLD)):
        with pytest.raises(CannotRedact):
            redacted(bytes(frame), [BOX], about)


@pytest.mark.parametrize("kind", IRREVERSIBLE)
def test_what_lost_something_loses_nothing_more_where_the_policy_lets_it_be_written_again(kind: str) -> None:
    syntax, frame, pixels = IRREVERSIBLE[kind]
    about = facts(syntax, pixels, irreversible=WITHOUT_LOSS)
    expected = decoded(bytes(frame), about).copy()
    expected[BOX.top : BOX.bottom, BOX.left : BOX.right] = 0
    assert np.array_equal(decoded(redacted(bytes(frame), [BOX], about), about), expected)
    assert redacted(bytes(frame), [BOX.moved(5000, 0)], about) is bytes(frame)


@pytest.mark.parametrize("kind", CASES)
def test_a_damaged_frame_is_withheld(kind: str) -> None:
    frame, about, _ = CASES[kind]
    with pytest.raises((CannotRedact, CannotDecode)):
        redacted(bytes(frame)[: len(frame) // 3], [BOX], about)


def test_black_is_black_in_native_luminance_and_chrominance() -> None:
    ybr = np.full((64, 64, 3), 200, np.uint8)
    left = redacted(ybr.tobytes(), [Box(0, 0, 8, 8)], facts(LITTLE, ybr, photometric="YBR_FULL"))
    assert decoded(left, facts(LITTLE, ybr))[0, 0].tolist() == [0, 128, 128]


@pytest.mark.parametrize(
    "name",
    ["SC_rgb_rle.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "CT_small.dcm", "MR_small_bigendian.dcm"],
)
def test_real_files_decode_as_pydicom_decodes_them(name: str) -> None:
    path = get_testdata_file(name, download=False)
    assert path is not None
    dataset = dcmread(str(path))
    count = int(dataset.get("NumberOfFrames", 1))
    encapsulated = dataset.file_meta.TransferSyntaxUID.is_encapsulated
    frame = next(generate_frames(dataset.PixelData, number_of_frames=count)) if encapsulated else dataset.PixelData
    about = PixelFacts(
        str(dataset.file_meta.TransferSyntaxUID), dataset.Rows, dataset.Columns, dataset.SamplesPerPixel,
        dataset.BitsAllocated, dataset.BitsStored, bool(dataset.PixelRepresentation), dataset.PhotometricInterpretation,
        bool(dataset.get("PlanarConfiguration", 0)),
    )  # fmt: skip
    theirs = dataset.pixel_array[0] if count > 1 else dataset.pixel_array
    ours = decoded(frame, about)
    if "YBR_FULL" not in about.photometric:
        assert np.array_equal(ours.astype(np.int64) & 0xFFFF, theirs.astype(np.int64) & 0xFFFF)
    box = Box(4, 4, 30, 20)
    after = decoded(redacted(frame, [box], about), about)
    assert not after[4:20, 4:30].any()
    assert np.array_equal(after[20:], ours[20:])
