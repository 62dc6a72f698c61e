"""The walker: where each encoded element of a dataset starts and ends (PS3.5 section 7).

It knows lengths and delimiters, not values; the source is read only as far as it must be.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from gateway.dicom.encoding import LONG_VRS, SHORT_VRS, Encoding, standard_vrs
from gateway.dicom.errors import BadElement, NestedTooDeep, OutOfOrder, TooLarge, Truncated
from gateway.dicom.source import ByteSource, BytesSource

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
DEEPEST = 32  # levels of sequences; the standard's own objects need fewer than 10

_TAG = {True: Struct("<HH"), False: Struct(">HH")}
_SHORT = {True: Struct("<H"), False: Struct(">H")}
_LONG = {True: Struct("<I"), False: Struct(">I")}


class Element(NamedTuple):
    """One element: positions in bytes. `end` is after its value, and after its delimiter if it has one."""

    tag: int
    vr: bytes
    start: int
    value_start: int
    length: int  # UNDEFINED for a sequence or encapsulated pixels that end with a delimiter
    end: int


class Window:
    """The beginning of a source, growing as the walk goes on, never past `limit` bytes."""

    def __init__(self, source: ByteSource, *, first: int = 65536, limit: int = 256 * 1024 * 1024) -> None:
        self._source = source
        self._limit = limit
        self.size = source.size
        self.data = source.read(0, min(first, source.size))

    def ensure(self, stop: int) -> None:
        """Have the bytes before `stop`. Raises Truncated or TooLarge."""
        have = len(self.data)
        if stop <= have:
            return
        if stop > self.size:
            raise Truncated
        if stop > self._limit:
            raise TooLarge
        grown = min(max(stop, 2 * have), self.size)
        self.data += self._source.read(have, grown - have)


def head_at(window: Window, at: int, encoding: Encoding) -> tuple[int, bytes, int, int]:
    """(tag, VR, value_start, length) of the element or item at a position. Raises BadElement, Truncated."""
    if at + 8 > len(window.data):
        window.ensure(at + 8)
    data, little = window.data, encoding.little
    group, element = _TAG[little].unpack_from(data, at)
    tag = group << 16 | element
    if group == 0xFFFE:
        return tag, b"", at + 8, _LONG[little].unpack_from(data, at + 4)[0]
    if not encoding.explicit:
        known = standard_vrs(tag)
        return tag, known[0] if known else b"UN", at + 8, _LONG[little].unpack_from(data, at + 4)[0]
    vr = data[at + 4 : at + 6]
    if vr in SHORT_VRS:
        return tag, vr, at + 8, _SHORT[little].unpack_from(data, at + 6)[0]
    if vr not in LONG_VRS:
        raise BadElement("an element has a VR that the standard does not know")
    if at + 12 > len(data):
        window.ensure(at + 12)
    return tag, vr, at + 12, _LONG[little].unpack_from(window.data, at + 8)[0]


def element_at(window: Window, at: int, stop: int, encoding: Encoding, depth: int = 0) -> Element:
    """The whole element at a position, its end found; `stop` bounds it. Does not read defined-length values."""
    tag, vr, value_start, length = head_at(window, at, encoding)
    if tag >> 16 == 0xFFFE:
        raise BadElement("an item or delimiter stands where an element should")
    if length != UNDEFINED:
        end = value_start + length
        if end > stop:
            raise Truncated if stop >= window.size else BadElement("an element runs over the end of its item")
        return Element(tag, vr, at, value_start, length, end)
    if vr not in (b"SQ", b"UN"):
        raise BadElement("an element of undefined length is not a sequence")
    inside = Encoding(explicit=False, little=True) if vr == b"UN" else encoding  # PS3.5 6.2.2, CP-246
    return Element(tag, vr, at, value_start, length, _sequence_end(window, value_start, stop, inside, depth + 1))


def _sequence_end(window: Window, at: int, stop: int, encoding: Encoding, depth: int) -> int:
    """Where a sequence of undefined length ends, its delimiter included."""
    if depth > DEEPEST:
        raise NestedTooDeep
    while True:
        tag, _vr, value_start, length = head_at(window, at, encoding)
        if tag == SEQUENCE_END and length == 0:
            return value_start
        if tag != ITEM:
            raise BadElement("a sequence holds something that is not an item")
        at = value_start + length if length != UNDEFINED else _item_end(window, value_start, stop, encoding, depth)
        if at > stop:
            raise Truncated


def _item_end(window: Window, at: int, stop: int, encoding: Encoding, depth: int) -> int:
    """Where an item of undefined length ends, its delimiter included."""
    while True:
        tag, _vr, value_start, length = head_at(window, at, encoding)
        if tag == ITEM_END:
            if length:
                raise BadElement("an item delimiter has a length")
            return value_start
        at = element_at(window, at, stop, encoding, depth).end


def elements(data: bytes, encoding: Encoding, start: int = 0, stop: int | None = None) -> Iterator[Element]:
    """The elements of one level, in their order. Raises what `element_at` raises, and OutOfOrder."""
    size = len(data)
    stop = size if stop is None else stop
    little, explicit = encoding.little, encoding.explicit
    tag_of, short_of, long_of = _TAG[little].unpack_from, _SHORT[little].unpack_from, _LONG[little].unpack_from
    last = -1
    while start < stop:
        if start + 8 > size:
            raise Truncated
        group, low = tag_of(data, start)
        tag, vr = group << 16 | low, data[start + 4 : start + 6]
        if tag <= last:
            raise OutOfOrder
        if explicit and vr in SHORT_VRS:
            value_start, length = start + 8, short_of(data, start + 6)[0]
        elif explicit and vr in LONG_VRS and start + 12 <= size:
            value_start, length = start + 12, long_of(data, start + 8)[0]
        else:
            tag, vr, value_start, length = head_at(Window(BytesSource(data), first=size), start, encoding)
        end = value_start + length
        if group == 0xFFFE or length == UNDEFINED or end > stop:
            end = element_at(Window(BytesSource(data), first=size), start, stop, encoding).end
        yield Element(tag, vr, start, value_start, length, end)
        last, start = tag, end


def items(data: bytes, sequence: Element, encoding: Encoding) -> Iterator[tuple[int, int]]:
    """(start, stop) of the contents of each item of a sequence, delimiters left out."""
    window = Window(BytesSource(data), first=len(data))
    inside = Encoding(explicit=False, little=True) if sequence.vr == b"UN" else encoding
    at, stop = sequence.value_start, sequence.end
    while at < stop:
        tag, _vr, value_start, length = head_at(window, at, inside)
        if tag == SEQUENCE_END:
            return
        if tag != ITEM:
            raise BadElement("a sequence holds something that is not an item")
        if length == UNDEFINED:
            at = _item_end(window, value_start, stop, inside, 1)
            yield value_start, at - 8
        else:
            at = value_start + length
            if at > stop:
                raise BadElement("an item runs over the end of its sequence")
            yield value_start, at
