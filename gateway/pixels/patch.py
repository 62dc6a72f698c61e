"""A patch: the frames that take the place of the archive's, and the pixel data element with them in it.

Everything that is not replaced stays a range of the source. Where a frame's length changed, the items are laid out
anew and the offset tables with them (PS3.5 A.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from struct import pack, unpack

from gateway.dicom.elements import elements
from gateway.dicom.encoding import Encoding
from gateway.dicom.errors import BadFrames
from gateway.dicom.frames.index import FrameIndex
from gateway.dicom.rope import Literal, SourceRange
from gateway.dicom.source import ByteSource

ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
PIXEL_DATA = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
META_END = 144  # bytes of preamble, prefix, and the group length of the file meta
OFFSETS, LENGTHS = 0x7FE00001, 0x7FE00002  # ExtendedOffsetTable and its lengths
Piece = Literal | SourceRange


@dataclass(frozen=True, slots=True)
class Patched:
    """The pixel data element in pieces, and the values of the extended offset table if the header has one."""

    pieces: tuple[Piece, ...]
    offsets: bytes
    lengths: bytes


def native(
    source: ByteSource, start: int, end: int, frames: FrameIndex, replaced: Mapping[int, Piece]
) -> tuple[Piece, ...]:
    """Pixel data from `start` to `end` of the source with frames replaced in their places, length for length.

    Raises BadFrames if a replaced frame has another length than the archive's.
    """
    pieces, at = list[Piece](), start
    for frame, new in sorted(replaced.items(), key=itemgetter(0)):
        spots = frames.pieces(frame)
        if len(spots) != 1 or spots[0][1] != new.length:
            raise BadFrames("a replaced frame does not fit into its place")
        pieces += [SourceRange(source, at, spots[0][0] - at), new]
        at = spots[0][0] + new.length
    return (*pieces, SourceRange(source, at, end - at))


def encapsulated(source: ByteSource, start: int, frames: FrameIndex, replaced: Mapping[int, Piece]) -> Patched:
    """Encapsulated pixel data: in place if every replaced frame fits, else laid out anew, an item for each frame.

    Laid out anew, the basic offset table stays empty, as every frame is one item.
    """
    if all(len(frames.pieces(number)) == 1 and frames.pieces(number)[0][1] == new.length
           for number, new in replaced.items()):  # fmt: skip
        return Patched(native(source, start, frames.end, frames, replaced), b"", b"")
    pieces, offsets, lengths, at = list[Piece](), list[int](), list[int](), 0
    for number in range(frames.count):
        body: list[Piece] = _body(source, frames, replaced, number)
        length = sum(each.length for each in body)
        if length & 1:
            body.append(Literal(b"\0"))
        padded = length + (length & 1)
        pieces += [Literal(ITEM + pack("<I", padded)), *body]
        offsets.append(at)
        lengths.append(length)
        at += 8 + padded
    front = Literal(PIXEL_DATA + ITEM + bytes(4))
    return Patched(
        (front, *pieces, Literal(SEQUENCE_END + bytes(4))),
        pack(f"<{len(offsets)}Q", *offsets),
        pack(f"<{len(lengths)}Q", *lengths),
    )


def _body(source: ByteSource, frames: FrameIndex, replaced: Mapping[int, Piece], number: int) -> list[Piece]:
    if number in replaced:
        return [replaced[number]]
    return [SourceRange(source, start, length) for start, length in frames.pieces(number)]


def with_offsets(front: bytes, encoding: Encoding, patched: Patched) -> bytes:
    """A header whose extended offset table, if it has one, is that of frames laid out anew. Same length as before."""
    if not patched.offsets:
        return front
    new = bytearray(front)
    start = META_END + unpack("<I", front[META_END - 4 : META_END])[0]
    for each in elements(front, encoding, start):
        values = {OFFSETS: patched.offsets, LENGTHS: patched.lengths}.get(each.tag)
        if values is not None:
            if len(values) != each.end - each.value_start:
                raise BadFrames("the extended offset table does not have one entry for each frame")
            new[each.value_start : each.end] = values
    return bytes(new)
