"""Pictures of pydicom's own test files, one for each way to write pixels, against what pydicom makes of them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.pixels.processing import apply_color_lut, apply_rescale, convert_color_space

from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import read_header
from gateway.dicom.rope import Rope
from gateway.dicom.source import FileSource
from gateway.dicom.uids import ReleaseUid
from gateway.release import facts
from gateway.release.grey import header_window
from gateway.release.presentation import Colour, Presentation
from gateway.release.render import drawn, picture, untouched
from gateway.release.rewriting import Rewritten
from gateway.release.slide import Prepared, Slide

GREY = ["CT_small", "MR_small", "MR_small_RLE", "MR_small_bigendian", "MR_small_implicit", "MR_small_jp2klossless",
        "MR_small_jpeg_ls_lossless", "JPEG2000", "693_J2KI", "rtdose_1frame"]  # fmt: skip
COLOUR = ["ExplVR_BigEnd", "SC_rgb_rle", "SC_rgb_rle_16bit", "SC_rgb_jls_lossy_line",
          "SC_rgb_jls_lossy_sample", "SC_rgb_small_odd", "SC_rgb_jpeg_gdcm",
          "examples_jpeg2k", "examples_rgb_color", "examples_palette"]  # fmt: skip
JPEG = ["SC_rgb_dcmtk_+eb+cr", "SC_rgb_dcmtk_+eb+cy+n1", "SC_rgb_dcmtk_+eb+cy+np", "SC_rgb_dcmtk_+eb+cy+s2",
        "SC_jpeg_no_color_transform", "SC_jpeg_no_color_transform_2", "SC_rgb_jpeg_app14_dcmd", "SC_rgb_jpeg_dcmtk",
        "SC_rgb_jpeg_lossy_gdcm", "SC_rgb_small_odd_jpeg", "examples_ybr_color"]  # fmt: skip
SIBLINGS = {  # where pydicom has no decoder at hand: the file with the same picture
    "MR_small_jpeg_ls_lossless": "MR_small", "SC_rgb_jpeg_gdcm": "SC_rgb_rle", "SC_rgb_jls_lossy_line": "SC_rgb_rle",
    "SC_rgb_jls_lossy_sample": "SC_rgb_rle",
}  # fmt: skip


def slide_of(name: str) -> Slide:
    """A slide straight from a file; there is no release between."""
    path = get_testdata_file(f"{name}.dcm", download=False)
    assert path is not None
    source = FileSource(Path(str(path)))
    header = read_header(source)
    assert header.pixel is not None
    told = facts.metadata(pydicom.dcmread(str(path), stop_before_pixels=True))
    made = Rewritten(b"", index_frames(header), header.pixel, {})
    return Slide(ReleaseUid("2.25.1"), header.transfer_syntax, Rope([]), "etag", Prepared(made, told, ""), source)


def expected_of(name: str) -> tuple[pydicom.Dataset, np.ndarray]:
    """The first frame as pydicom decodes it."""
    path = get_testdata_file(f"{SIBLINGS.get(name, name)}.dcm", download=False)
    dataset = pydicom.dcmread(str(path))
    pixels = dataset.pixel_array
    return dataset, pixels[0] if int(dataset.get("NumberOfFrames", 1)) > 1 else pixels


@pytest.mark.parametrize("name", GREY)
def test_grey_pictures_show_the_range_of_their_values(name: str) -> None:
    slide = slide_of(name)
    dataset, pixels = expected_of(name)
    window = header_window(slide.metadata, 0)
    values = apply_rescale(pixels, dataset).astype(np.float64)
    expected = (window.applied(values) if window else (values - values.min()) / np.ptp(values)) * 255
    shown = np.asarray(picture(slide, 0)).astype(float)
    assert np.abs(shown - expected).max() <= 1
    assert shown.std() > 10


@pytest.mark.parametrize("name", COLOUR)
def test_colour_pictures_have_the_colours_of_their_pixels(name: str) -> None:
    dataset, pixels = expected_of(name)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    elif dataset.PhotometricInterpretation.startswith("YBR_FULL"):
        pixels = convert_color_space(pixels, dataset.PhotometricInterpretation, "RGB")
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    shown = np.asarray(picture(slide_of(name), 0)).astype(int)
    assert np.abs(shown - pixels).max() <= (6 if "lossy" in name else 1)
    assert shown.std() > 10


@pytest.mark.parametrize("name", JPEG)
@pytest.mark.parametrize("colour", [Colour.UNSAID, Colour.YES, Colour.SRGB])
def test_any_reader_of_jpegs_sees_what_was_stored(name: str, colour: Colour) -> None:
    slide = slide_of(name)
    stored = np.asarray(picture(slide, 0)).astype(int)
    wanted = Presentation(colour=colour)
    body = untouched(slide, 0, "image/jpeg", wanted) or drawn(slide, 0, "image/png", wanted)
    seen = np.asarray(Image.open(BytesIO(body)).convert("RGB")).astype(int)
    assert np.abs(seen - stored).mean() < 3
    dataset, pixels = expected_of(name)
    if dataset.PhotometricInterpretation.startswith("YBR") and not np.array_equal(pixels, stored):
        as_rgb = convert_color_space(pixels, "YBR_FULL", "RGB").astype(int)
        pixels = min((as_rgb, pixels.astype(int)), key=lambda each: np.abs(each - stored).mean())
    assert np.abs(stored - pixels).mean() < 3


def test_most_jpegs_pass_with_their_compressed_pixels_as_they_are() -> None:
    passed = [name for name in JPEG if untouched(slide_of(name), 0, "image/jpeg") is not None]
    assert len(passed) >= len(JPEG) - 2
    for name in passed:
        slide = slide_of(name)
        frame, body = slide.frame(0), untouched(slide, 0, "image/jpeg")
        assert body is not None
        assert body[body.index(b"\xff\xda") :] == frame[frame.index(b"\xff\xda") :]
