"""As much of ASN.1 as a timestamp needs (X.690, DER): tag, length, content; also used offline, so without a package."""

from __future__ import annotations

from dataclasses import dataclass

BOOLEAN, INTEGER, OCTETS, NULL, OBJECT = 0x01, 0x02, 0x04, 0x05, 0x06
SEQUENCE, SET = 0x30, 0x31
LONG = 0x80  # from here on a length is told in several bytes
MOST_LENGTH_BYTES = 4


class Unreadable(ValueError):
    """These bytes are no DER."""


@dataclass(frozen=True, slots=True)
class Part:
    """A value: its tag, what is in it, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list[Part]:
        """The values in it, one after another. Raises Unreadable."""
        found, at = [], 0
        while at < len(self.content):
            each = _first(self.content, at)
            found.append(each)
            at += len(each.whole)
        return found

    @property
    def number(self) -> int:
        """An INTEGER's."""
        return int.from_bytes(self.content, "big", signed=True)


def part(data: bytes) -> Part:
    """The one value that these bytes are. Raises Unreadable."""
    found = _first(data)
    if len(found.whole) != len(data):
        raise Unreadable
    return found


def made(tag: int, *contents: bytes) -> bytes:
    """A value of these contents."""
    content = b"".join(contents)
    length = len(content)
    if length < LONG:
        return bytes((tag, length)) + content
    told = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, LONG | len(told))) + told + content


def _first(data: bytes, at: int = 0) -> Part:
    """The value that begins there; what comes after it is not copied, or many small ones would take for ever."""
    if len(data) < at + 2:
        raise Unreadable
    start, length = at + 2, data[at + 1]
    if length >= LONG:
        start += length - LONG
        if not 0 < length - LONG <= MOST_LENGTH_BYTES:
            raise Unreadable
        length = int.from_bytes(data[at + 2 : start], "big")
    if len(data) < start + length:
        raise Unreadable
    return Part(data[at], data[start : start + length], data[at : start + length])
