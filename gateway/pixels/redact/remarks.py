"""What a frame carries beside its picture: comments, Exif, thumbnails, bytes behind its end. Nobody sees them in it."""

from __future__ import annotations

import re

from gateway.pixels.encodings import JPEG_8, LOSSLESS, NATIVE_BIG, NATIVE_LITTLE, RLE, PixelFacts
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.redact.jpeg import filled_up
from gateway.pixels.redact.markers import (
    APP0,
    APP2,
    APP8,
    APP14,
    Segment,
    is_told_only,
    kept_telling,
    segments,
    without_telling,
)

_JPEG = JPEG_8 | {f"1.2.840.10008.1.2.4.{each}" for each in ("57", "70", "80", "81")}
_BARE = frozenset((*NATIVE_LITTLE, NATIVE_BIG, RLE))  # nothing but samples
_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")  # in coded data: no stuffed byte, no restart, no fill
_FILL = b"\0\xff"
_SPIFF, _END_OF_SPIFF = 34, b"\0\0\0\1\xff\xd8"  # bytes of its first segment; its last
_PLAIN = 18  # bytes of a JFIF segment without a thumbnail, and of Adobe's at most

SOC, SIZ, SOT, SOD, EOC, J2K_COM = (bytes((0xFF, low)) for low in (0x4F, 0x51, 0x90, 0x93, 0xD9, 0x64))
_MAKERS = re.compile(rb"(Kakadu|Created by OpenJPEG|OpenJPEG|Grok|OpenJPH|Created by Aperio)[ A-Za-z0-9.,_:\-]{0,60}")


def without_remarks(frame: bytes, facts: PixelFacts) -> bytes:
    """The frame without them, as long as before where it was longer; the very frame if there are none.

    Raises CannotRedact where they cannot be told from the picture.
    """
    if facts.transfer_syntax in _BARE:
        return frame
    if facts.transfer_syntax in _JPEG:
        return _jpeg(frame)
    if facts.transfer_syntax in LOSSLESS or facts.transfer_syntax.startswith("1.2.840.10008.1.2.4."):
        return _jpeg_2000(frame)
    raise CannotRedact


def _jpeg(frame: bytes) -> bytes:
    """ITU-T T.81 annex B, T.87 annex C."""
    head = list(segments(frame))
    end = _end(frame, head[-1].end)
    remarks = any(is_told_only(each.marker) and not _is_plain(frame, each) for each in head)
    if not remarks and not frame[end:].strip(_FILL):
        return frame
    return filled_up(b"\xff\xd8" + kept_telling(frame) + without_telling(frame[:end]), len(frame))


def _is_plain(frame: bytes, each: Segment) -> bool:
    """Whether application data says no more than how to read the colours."""
    content, length = frame[each.start + 4 : each.end], each.end - each.start
    if each.marker == APP0:
        return content.startswith(b"JFIF\0") and length <= _PLAIN
    if each.marker == APP14:
        return content.startswith(b"Adobe") and length <= _PLAIN
    if each.marker == APP8:  # of JPEG-LS: how a SPIFF file begins, and which colours were turned into which
        spiff = (content.startswith(b"SPIFF\0") and length <= _SPIFF) or content == _END_OF_SPIFF
        return spiff or (content.startswith(b"mrfx") and length <= 9)
    return each.marker == APP2 and content.startswith(b"ICC_PROFILE\0")


def _end(frame: bytes, at: int) -> int:
    """Where the picture ends, EOI included, scan after scan. Raises CannotRedact for remarks between scans."""
    while (found := _MARKER.search(frame, at)) is not None:
        marker, at = frame[found.start() + 1], found.end()
        if marker == 0xD9:
            return at
        if is_told_only(marker):
            raise CannotRedact
        at += int.from_bytes(frame[at : at + 2], "big")
    return len(frame)


def _jpeg_2000(frame: bytes) -> bytes:
    """ISO/IEC 15444-1 annex A: a comment of the main header goes unless it names a known encoder."""
    if frame[:4] != SOC + SIZ:
        raise CannotRedact
    at, kept = 2, [SOC]
    while frame[at : at + 2] != SOT:
        stop = at + 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
        if frame[at : at + 1] != b"\xff" or not at + 4 <= stop <= len(frame):
            raise CannotRedact
        if frame[at : at + 2] != J2K_COM or _MAKERS.fullmatch(frame[at + 6 : stop].strip(b"\0\n ")):
            kept.append(frame[at:stop])
        at = stop
    end = _tile_parts(frame, at)
    if frame[end:].strip(_FILL):
        return b"".join((*kept, frame[at:end]))
    return frame if sum(map(len, kept)) == at else b"".join((*kept, frame[at:]))


def _tile_parts(frame: bytes, at: int) -> int:
    """Where the codestream ends, EOC included. Raises CannotRedact for a comment in the header of a tile-part."""
    while frame[at : at + 2] == SOT:
        length = int.from_bytes(frame[at + 6 : at + 10], "big")
        inside = at + 12
        while frame[inside : inside + 2] != SOD:
            if frame[inside : inside + 1] != b"\xff" or frame[inside : inside + 2] == J2K_COM:
                raise CannotRedact
            inside += 2 + int.from_bytes(frame[inside + 2 : inside + 4], "big")
        if length == 0:  # the last one, up to the end
            return frame.rindex(EOC) + 2 if EOC in frame[inside:] else len(frame)
        at += length
    return at + 2 if frame[at : at + 2] == EOC else at
