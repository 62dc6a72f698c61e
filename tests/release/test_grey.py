"""Windows and rescaling against pydicom's own (PS3.3 C.11.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_rescale, apply_windowing

from gateway.release.grey import Window, eight_bits


def told(**changes: Any) -> dict[str, Any]:
    header = Dataset()
    header.BitsStored, header.BitsAllocated, header.PixelRepresentation = 16, 16, 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.RescaleSlope, header.RescaleIntercept = 2, -1024
    for keyword, value in changes.items():
        setattr(header, keyword, value)
    found: dict[str, Any] = header.to_json_dict()
    return found


VALUES = np.arange(-2000, 3000, 7, np.int16).reshape(5, -1)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.filterwarnings("ignore:overflow")  # pydicom's own
@pytest.mark.parametrize(("center", "width"), [(40, 400), (-600, 1500), (0, 2), (3000, 1)])
def test_a_window_shows_what_pydicom_shows(function: str, center: float, width: float) -> None:
    header = Dataset.from_json(told())
    header.WindowCenter, header.WindowWidth, header.VOILUTFunction = center, width, function
    expected = apply_windowing(apply_rescale(VALUES, header), header)
    low, high = -32768 * 2 - 1024, 32767 * 2 - 1024  # the range of rescaled values, to which pydicom scales
    scaled = (expected - low) / (high - low) * 255
    shown = eight_bits(VALUES, told(), 0, Window(center, width, function))
    assert np.abs(shown - scaled).max() <= 1


def test_the_headers_own_window_counts_where_none_is_asked_for() -> None:
    own = told(WindowCenter=[40, 300], WindowWidth=[400, 1500])
    assert np.array_equal(eight_bits(VALUES, own, 0, None), eight_bits(VALUES, told(), 0, Window(40, 400)))
    other = eight_bits(VALUES, own, 0, Window(300, 1500))
    assert not np.array_equal(eight_bits(VALUES, own, 0, None), other)


def test_without_any_window_the_whole_range_is_shown() -> None:
    shown = eight_bits(VALUES, told(), 0, None)
    assert (shown.min(), shown.max()) == (0, 255)
    flat = np.full((4, 4), 7, np.uint8)
    assert np.array_equal(eight_bits(flat, told(BitsStored=8, PixelRepresentation=0), 0, None), flat)


def test_monochrome1_is_the_other_way_round() -> None:
    one, two = told(PhotometricInterpretation="MONOCHROME1"), told()
    assert np.array_equal(eight_bits(VALUES, one, 0, None), 255 - eight_bits(VALUES, two, 0, None))


def test_each_frame_has_the_window_of_its_own_group() -> None:
    groups = []
    for center in (10, 900):
        voi, item = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 100
        item.FrameVOILUTSequence = [voi]
        groups.append(item)
    header = told(PerFrameFunctionalGroupsSequence=groups)
    for frame, center in enumerate((10, 900)):
        assert np.array_equal(
            eight_bits(VALUES, header, frame, None), eight_bits(VALUES, told(), 0, Window(center, 100))
        )


def test_bits_above_those_stored_are_not_seen() -> None:
    values = np.array([[0, 100, 4095]], np.uint16)
    header = told(BitsStored=12, PixelRepresentation=0)
    assert np.array_equal(eight_bits(values | 0xA000, header, 0, None), eight_bits(values, header, 0, None))
    signed = np.array([[-5, 0, 5]], np.int16)
    dirty = (signed & 0x0FFF).astype(np.int16)
    header = told(BitsStored=12)
    assert np.array_equal(eight_bits(dirty, header, 0, None), eight_bits(signed, header, 0, None))
