"""An instance's frames as screening needs them: how its pixels are encoded, and where each frame lies on the slide."""

from __future__ import annotations

from pydicom.dataset import Dataset

from gateway.dicom.errors import DicomError
from gateway.dicom.frames.index import FrameIndex
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import Header
from gateway.pixels.encodings import CannotDecode, PixelFacts
from gateway.pixels.screen import Frames, Level


def pixel_facts(header: Header) -> PixelFacts:
    """How the pixels are described. Raises CannotDecode if the header does not say."""
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
        )
    except (AttributeError, TypeError, ValueError):
        raise CannotDecode from None


def frames_of(header: Header) -> tuple[Frames, int]:
    """(encoded frame by number, their count). Raises BadFrames."""
    index: FrameIndex = index_frames(header)

    def frame(number: int) -> bytes:
        return b"".join(header.body.read(start, length) for start, length in index.pieces(number))

    return frame, index.count


def level_of(header: Header) -> Level:
    """One level of a slide (PS3.3 C.8.12.4, C.7.6.17.3). Raises CannotDecode, BadFrames."""
    told, facts = _parsed(header), pixel_facts(header)
    frames, count = frames_of(header)
    try:
        width, height = int(told.TotalPixelMatrixColumns), int(told.TotalPixelMatrixRows)
        places = _places(told, facts, width, count)
    except (AttributeError, IndexError, TypeError, ValueError):
        raise CannotDecode from None
    if width <= 0 or height <= 0 or len(places) != count:
        raise CannotDecode
    return Level(frames, places, width, height, facts)


def _places(told: Dataset, facts: PixelFacts, width: int, count: int) -> list[tuple[int, int]]:
    items = told.get("PerFrameFunctionalGroupsSequence") or []
    if items and all("PlanePositionSlideSequence" in item for item in items):
        planes = [item.PlanePositionSlideSequence[0] for item in items]
        return [
            (int(each.ColumnPositionInTotalImagePixelMatrix) - 1, int(each.RowPositionInTotalImagePixelMatrix) - 1)
            for each in planes
        ]
    across = max(1, -(-width // facts.columns))
    return [(number % across * facts.columns, number // across * facts.rows) for number in range(count)]


def _parsed(header: Header) -> Dataset:
    try:
        return header.parsed()
    except (DicomError, ValueError, OSError, NotImplementedError):
        raise CannotDecode from None
