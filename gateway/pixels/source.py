"""An instance's frames as screening needs them: how its pixels are encoded, and where each frame lies on the slide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from gateway.dicom.errors import DicomError
from gateway.dicom.frames.index import FrameIndex
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import Header
from gateway.pixels.encodings import WITHHOLD, CannotDecode, PixelFacts
from gateway.pixels.levels import Frames, Level


def pixel_facts(header: Header, irreversible: str = WITHHOLD) -> PixelFacts:
    """How the pixels are described, and what the policy says of such an image. Raises CannotDecode if nothing does."""
    told = _parsed(header)
    try:
        return PixelFacts(
            header.transfer_syntax,
            int(told.Rows),
            int(told.Columns),
            int(told.SamplesPerPixel),
            int(told.BitsAllocated),
            int(told.get("BitsStored", told.BitsAllocated)),
            bool(told.get("PixelRepresentation", 0)),
            str(told.get("PhotometricInterpretation", "")),
            bool(told.get("PlanarConfiguration", 0)),
            _palette(told),
            irreversible,
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ArithmeticError):
        raise CannotDecode from None


def frames_of(header: Header) -> tuple[Frames, int]:
    """(encoded frame by number, their count). Raises BadFrames."""
    index: FrameIndex = index_frames(header)

    def frame(number: int) -> bytes:
        return b"".join(header.body.read(start, length) for start, length in index.pieces(number))

    return frame, index.count


def level_of(header: Header, irreversible: str = WITHHOLD) -> Level:
    """One level of a slide (PS3.3 C.8.12.4, C.7.6.17.3). Raises CannotDecode, BadFrames.

    A frame that lies outside of the slide, or nowhere, is not shown by viewers, and nobody would look at it.
    """
    told, facts = _parsed(header), pixel_facts(header, irreversible)
    frames, count = frames_of(header)
    try:
        width, height = int(told.TotalPixelMatrixColumns), int(told.TotalPixelMatrixRows)
        places = _places(told, facts, width, height, count)
    except (AttributeError, IndexError, TypeError, ValueError, ArithmeticError):
        raise CannotDecode from None
    inside = all(0 <= left < width and 0 <= top < height for left, top in places)
    if not places or len(places) != count or not inside:
        raise CannotDecode
    return Level(frames, places, width, height, facts)


def _places(told: Dataset, facts: PixelFacts, width: int, height: int, count: int) -> list[tuple[int, int]]:
    items = told.get("PerFrameFunctionalGroupsSequence") or []
    placed = ["PlanePositionSlideSequence" in item for item in items]
    if any(placed) or told.get("DimensionOrganizationType") == "TILED_SPARSE":
        planes = [item.PlanePositionSlideSequence[0] for item in items]
        return [
            (int(each.ColumnPositionInTotalImagePixelMatrix) - 1, int(each.RowPositionInTotalImagePixelMatrix) - 1)
            for each in planes
        ]
    across, down = (-(-side // tile) for side, tile in ((width, facts.columns), (height, facts.rows)))
    first = int(told.get("ConcatenationFrameOffsetNumber", 0))  # of a part of a whole (PS3.3 C.7.6.16.1.3)
    cells = (number % (across * down) for number in range(first, first + count))  # plane after plane, each a whole
    return [(cell % across * facts.columns, cell // across * facts.rows) for cell in cells]


def _palette(told: Dataset) -> NDArray[np.uint8] | None:
    """Red, green and blue for each index (PS3.3 C.7.9); None if there are none. Raises ValueError for a broken one."""
    if told.get("PhotometricInterpretation") != "PALETTE COLOR":
        return None
    stored = int(told.get("BitsStored", 16))
    indices = np.arange(1 << min(stored, 16), dtype=np.uint8 if stored <= 8 else np.uint16)
    colours = apply_color_lut(indices, told)
    return colours if colours.dtype == np.uint8 else (colours >> 8).astype(np.uint8)


def _parsed(header: Header) -> Dataset:
    try:
        return header.parsed()
    except (DicomError, ValueError, OSError, NotImplementedError):
        raise CannotDecode from None
