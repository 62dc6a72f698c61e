"""Encapsulated pixel data item by item (PS3.5 A.4): one scan of the item tags, whatever the pixels weigh."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from struct import unpack

from gateway.dicom.elements import ITEM, SEQUENCE_END
from gateway.dicom.errors import BadFrames, Truncated
from gateway.dicom.source import ByteSource


def item_at(source: ByteSource, at: int) -> tuple[int, int]:
    """(tag, length) of the item header at a position."""
    group, element, length = unpack("<HHI", source.read(at, 8))
    return group << 16 | element, length


def scan(source: ByteSource, at: int) -> Iterator[tuple[int, int]]:
    """(start, length) of each fragment from a position to the sequence delimiter; last (end, 0).

    Raises Truncated or BadFrames.
    """
    while True:
        tag, length = item_at(source, at)
        if tag == SEQUENCE_END and length == 0:
            yield at + 8, 0
            return
        if tag != ITEM:
            raise BadFrames("the pixel data holds something that is not an item")
        if at + 8 + length > source.size:
            raise Truncated
        if length:
            yield at + 8, length
        at += 8 + length


def fragments(source: ByteSource, at: int) -> tuple[array[int], array[int], int]:
    """Starts and lengths of all fragments, and where the element ends."""
    starts, lengths = array("Q"), array("Q")
    for start, length in scan(source, at):
        if length == 0:
            return starts, lengths, start
        starts.append(start)
        lengths.append(length)
    raise Truncated
