"""Items alike: of ten thousand frames each has an item, and they differ in numbers only.

One item is treated element by element. From what became of it follows a pattern of bytes: whatever matches it is an
item of the same elements, lengths and texts, whose numbers have the form of their VR, and so is treated the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack

from gateway.deid.plan import BINARY_NUMBERS
from gateway.dicom.elements import elements, items
from gateway.dicom.encoding import Encoding

DIGITS = {b"DS": (16, rb"[0-9+\-.eE ]"), b"IS": (12, rb"[0-9+\- ]")}  # PS3.5 table 6.2-1: longest value, its letters
LONGEST, LONGEST_ITEM = 1024, 4096  # bytes of a value that may differ, and of an item
_BETWEEN = {  # an item of undefined length ends, another begins
    little: pack(order + "HHIHH", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE000) for little, order in ((True, "<"), (False, ">"))
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of the sample, by its place in the source. A free one may be another in the next item."""

    start: int
    end: int
    vr: bytes
    stays: bool
    free: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What one item and all alike look like, and what they become; None if they stay as they are."""

    run: re.Pattern[bytes]
    one: bytes
    becomes: bytes | None

    def end(self, data: bytes, at: int, stop: int) -> int:
        """Where the items alike that begin at a place end: the place itself if there is none."""
        found = self.run.match(data, at, stop)
        return found.end() if found else at

    def rewritten(self, data: bytes, at: int, end: int) -> bytes:
        """Items alike as they leave."""
        return re.sub(b"(?s)" + self.one, self.becomes, data[at:end]) if self.becomes is not None else data[at:end]


def free_if_kept(vr: bytes, length: int) -> bool:
    """Whether any value of this length and VR is as good as another, where the rule keeps it unseen."""
    return (vr in BINARY_NUMBERS and length <= LONGEST) or (vr in DIGITS and length <= DIGITS[vr][0])


def to_next(data: bytes, at: int, encoding: Encoding) -> int:
    """How many bytes the item of undefined length at a place has, at a guess; 0 for none. A pattern must confirm it."""
    found = data.find(_BETWEEN[encoding.little], at, at + LONGEST_ITEM)
    return found + 8 - at if found >= 0 else 0


def shape_of(data: bytes, start: int, end: int, leaves: list[Leaf], new: bytes | None, encoding: Encoding) -> Shape:
    """The shape of the item from `start` to `end`; `new` is what it became, header included."""
    pattern, at = list[bytes](), start
    for leaf in leaves:
        if leaf.free:
            pattern += (re.escape(data[at : leaf.start]), _form(leaf))
            at = leaf.end
    one = b"".join([*pattern, re.escape(data[at:end])])
    becomes = None if new is None else _becomes(new, leaves, encoding)
    return Shape(re.compile(b"(?s:" + one + b")++"), one, becomes)


def _form(leaf: Leaf) -> bytes:
    length = b"{%d}" % (leaf.end - leaf.start)
    if not leaf.stays:
        return b"." + length
    return b"(" + (DIGITS[leaf.vr][1] if leaf.vr in DIGITS else b".") + length + b")"


def _becomes(new: bytes, leaves: list[Leaf], encoding: Encoding) -> bytes:
    """The new item as a template of re.sub, its free values being groups."""
    parts, at, group = list[bytes](), 0, 0
    staying = (leaf for leaf in leaves if leaf.stays)
    for leaf, (start, end) in zip(staying, _values(new, encoding, 8, len(new)), strict=True):
        if leaf.free:
            group += 1
            parts += (new[at:start].replace(b"\\", b"\\\\"), b"\\g<%d>" % group)
            at = end
    return b"".join([*parts, new[at:].replace(b"\\", b"\\\\")])


def _values(data: bytes, encoding: Encoding, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for each in elements(data, encoding, start, stop):
        if each.vr == b"SQ":
            for inner, inner_stop in items(data, each, encoding):
                yield from _values(data, encoding, inner, inner_stop)
        else:
            yield each.value_start, each.end
