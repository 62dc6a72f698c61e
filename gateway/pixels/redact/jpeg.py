"""Text taken out of a JPEG without decoding it: whole blocks made flat, every other block bit for bit the same.

The DC coefficient goes as well: with it a line of large letters can still be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.pixels.boxes import Box
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.redact.markers import (
    BASELINE,
    EXTENDED,
    PROGRESSIVE,
    Component,
    Frame,
    frame_of,
    kept_telling,
    without_telling,
)
from gateway.pixels.redact.turbojpeg import Blocks, transformed

SIDE = 8  # pixels of a block


@dataclass(frozen=True, slots=True)
class Span:
    """Blocks of one component: columns and rows of blocks, the last ones just outside."""

    first: int
    last: int
    top: int
    bottom: int


def flattened(jpeg: bytes, boxes: Sequence[Box]) -> bytes:
    """The JPEG with every block that a box touches made flat grey, in all components; no comments, no Exif.

    Of the same length as before where it fits, filled up before EOI (ITU-T T.81 B.1.1.2). Raises CannotRedact for
    lossless, arithmetic, 12-bit and damaged frames, NoCodec without libturbojpeg.
    """
    frame = frame_of(jpeg)
    if frame.process not in (BASELINE, EXTENDED, PROGRESSIVE):
        raise CannotRedact
    spans = [[span_of(box, frame, part) for box in boxes] for part in frame.components]

    def edit(component: int, row: int, blocks: Blocks) -> None:
        for span in spans[component]:
            if span.top <= row < span.bottom:
                blocks[span.first : span.last] = 0

    rows = {(part, row) for part, each in enumerate(spans) for span in each for row in range(span.top, span.bottom)}
    written = transformed(jpeg, edit, progressive=frame.process == PROGRESSIVE, rows=rows)
    clean = b"\xff\xd8" + kept_telling(jpeg) + without_telling(written)
    return filled_up(clean, len(jpeg))


def span_of(box: Box, frame: Frame, part: Component) -> Span:
    """The blocks of a component that a box in pixels touches; a subsampled block covers more pixels."""
    wide, high = SIDE * frame.across // part.across, SIDE * frame.down // part.down
    return Span(max(box.left // wide, 0), -(-box.right // wide), max(box.top // high, 0), -(-box.bottom // high))


def filled_up(jpeg: bytes, length: int) -> bytes:
    """Fill bytes (0xFF) before the last marker, so that the frame keeps its place in the file."""
    end = jpeg.rfind(b"\xff\xd9")
    missing = length - len(jpeg)
    if missing <= 0 or end < 0:
        return jpeg
    return jpeg[:end] + b"\xff" * missing + jpeg[end:]
