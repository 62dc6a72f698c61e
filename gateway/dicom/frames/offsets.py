"""Which fragments make up which frame: by the basic offset table, or by count where there is none."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from gateway.dicom.elements import ITEM
from gateway.dicom.errors import BadFrames
from gateway.dicom.frames.index import FrameIndex
from gateway.dicom.frames.items import fragments, item_at
from gateway.dicom.source import ByteSource

LARGEST_TABLE = 64 * 1024 * 1024  # bytes: 16 million frames


def from_items(source: ByteSource, value_start: int, frames: int) -> FrameIndex:
    """The index of encapsulated frames from one scan of the items and the basic offset table, if it is filled."""
    tag, length = item_at(source, value_start)
    if tag != ITEM or length % 4 or length > LARGEST_TABLE:
        raise BadFrames("the pixel data does not begin with an offset table")
    first_fragment = value_start + 8 + length
    starts, lengths, end = fragments(source, first_fragment)
    if not starts:
        raise BadFrames("the pixel data is empty")
    if length:
        table = array("I")
        table.frombytes(source.read(value_start + 8, length))
        return FrameIndex(starts, lengths, _grouped(table, starts, first_fragment, frames), end)
    if len(starts) == frames:
        return FrameIndex(starts, lengths, None, end)
    if frames == 1:
        return FrameIndex(starts, lengths, array("Q", (0, len(starts))), end)
    raise BadFrames("the offset table is empty and frames span several fragments: their borders are not known")


def _grouped(table: array[int], starts: array[int], base: int, frames: int) -> array[int] | None:
    """For each frame its first fragment, and the end; None if each fragment is a frame."""
    if len(table) != frames:
        raise BadFrames("the offset table does not have one entry for each frame")
    first = array("Q")
    for offset in table:
        place = bisect_left(starts, base + offset + 8)
        if place == len(starts) or starts[place] != base + offset + 8 or (first and place <= first[-1]):
            raise BadFrames("the offset table does not point at the fragments")
        first.append(place)
    if first[0] != 0:
        raise BadFrames("the offset table leaves out the first fragment")
    return None if len(starts) == frames else array("Q", (*first, len(starts)))
