"""The extended offset table (PS3.3 C.7.6.3.1.8): 64-bit offsets and lengths in the header, no scan needed."""

from __future__ import annotations

from array import array
from itertools import pairwise

from gateway.dicom.elements import ITEM, SEQUENCE_END
from gateway.dicom.errors import BadFrames
from gateway.dicom.frames.index import FrameIndex, checked
from gateway.dicom.frames.items import item_at
from gateway.dicom.source import ByteSource


def from_table(source: ByteSource, value_start: int, frames: int, offsets: bytes, lengths: bytes) -> FrameIndex:
    """The index from the two tables. Every item must touch the next, so that nothing hides between them."""
    tag, table_length = item_at(source, value_start)
    if tag != ITEM or table_length:
        raise BadFrames("beside an extended offset table the basic one must be empty")
    base = value_start + 8
    starts, sizes = array("Q"), array("Q")
    if len(offsets) % 8 or len(offsets) != len(lengths):
        raise BadFrames("the extended offset table and its lengths do not match")
    starts.frombytes(offsets)
    sizes.frombytes(lengths)
    starts = array("Q", (base + offset + 8 for offset in starts))
    items = array("Q", (size + (size & 1) for size in sizes))
    checked(starts, sizes, frames=frames, begin=base + 8, end=source.size)
    gapless = all(a + n + 8 == b for (a, n), (b, _) in pairwise(zip(starts, items, strict=True)))
    end = starts[-1] + items[-1]
    if starts[0] != base + 8 or not gapless or item_at(source, end) != (SEQUENCE_END, 0):
        raise BadFrames("the extended offset table does not point at the items")
    if item_at(source, starts[0] - 8) != (ITEM, items[0]) or item_at(source, starts[-1] - 8) != (ITEM, items[-1]):
        raise BadFrames("the extended offset table does not point at the items")
    return FrameIndex(starts, sizes, None, end + 8)
