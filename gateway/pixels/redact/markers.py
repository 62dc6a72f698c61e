"""The segments of a JPEG (ITU-T T.81 annex B): what the picture needs, and what only tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import error, unpack_from

from gateway.pixels.redact.errors import CannotRedact

SOI, EOI, SOS, COM = 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP2, APP8, APP14, APP15 = 0xE0, 0xE2, 0xE8, 0xEE, 0xEF
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOFn; the others are DHT, JPG, DAC
_ALONE = frozenset((*range(0xD0, 0xD8), 0x01))
JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"  # no density, no thumbnail


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a frame, and its sampling factors."""

    across: int
    down: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker and the bytes of its segment, marker and length included."""

    marker: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame header says: process, size in pixels, components."""

    process: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def across(self) -> int:
        """The largest horizontal sampling factor."""
        return max(each.across for each in self.components)

    @property
    def down(self) -> int:
        """The largest vertical sampling factor."""
        return max(each.down for each in self.components)


def segments(jpeg: bytes) -> Iterator[Segment]:
    """Every segment before the first scan's data. Raises CannotRedact."""
    at = 2
    if jpeg[:2] != b"\xff\xd8":
        raise CannotRedact
    while True:
        while jpeg[at : at + 1] == b"\xff" and jpeg[at + 1 : at + 2] == b"\xff":
            at += 1  # fill bytes
        if jpeg[at : at + 1] != b"\xff" or at + 4 > len(jpeg):
            raise CannotRedact
        marker = jpeg[at + 1]
        if marker in _ALONE:
            at += 2
            continue
        if marker in (SOI, EOI):
            raise CannotRedact
        end = at + 2 + unpack_from(">H", jpeg, at + 2)[0]
        if end > len(jpeg) or end < at + 4:
            raise CannotRedact
        yield Segment(marker, at, end)
        if marker == SOS:
            return
        at = end


def frame_of(jpeg: bytes) -> Frame:
    """The frame header. Raises CannotRedact if there is none or it makes no sense."""
    for each in segments(jpeg):
        if each.marker in FRAMES:
            try:
                precision, height, width, count = unpack_from(">BHHB", jpeg, each.start + 4)
                factors = [jpeg[each.start + 11 + 3 * number] for number in range(count)]
            except (error, IndexError):
                raise CannotRedact from None
            components = tuple(Component(byte >> 4, byte & 15) for byte in factors)
            sound = all(1 <= part.across <= 4 and 1 <= part.down <= 4 for part in components)
            if precision != 8 or not width or not height or not components or not sound:
                raise CannotRedact
            return Frame(each.marker, width, height, components)
    raise CannotRedact


def is_told_only(marker: int) -> bool:
    """Whether a segment tells of the picture without being of it: comments and application data."""
    return marker == COM or APP0 <= marker <= APP15


def kept_telling(jpeg: bytes) -> bytes:
    """The application data that colours depend on: that there is a JFIF header, APP14 (Adobe), the ICC profile."""
    kept = b""
    for each in segments(jpeg):
        content = jpeg[each.start + 4 : each.end]
        if each.marker == APP0 and content.startswith(b"JFIF\0") and not kept:
            kept += JFIF
        elif each.marker == APP14 and content.startswith(b"Adobe") and len(content) >= 12:
            kept += b"\xff\xee\x00\x0e" + content[:12]
        elif each.marker == APP2 and content.startswith(b"ICC_PROFILE\0"):
            kept += jpeg[each.start : each.end]
    return kept


def without_telling(jpeg: bytes) -> bytes:
    """The JPEG without comments and application data, from after SOI."""
    pieces, at = list[bytes](), 2
    for each in segments(jpeg):
        if is_told_only(each.marker):
            pieces.append(jpeg[at : each.start])
            at = each.end
    return b"".join([*pieces, jpeg[at:]])
