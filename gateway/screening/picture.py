"""The picture that a person decides on: one level of a slide whole, or one frame of another image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.screening import headers_of
from gateway.catalogue.seen import FAILED, is_slide
from gateway.errors import NotFound
from gateway.pixels.boxes import Box
from gateway.pixels.encodings import decoded
from gateway.pixels.levels import Level
from gateway.pixels.looks import shown
from gateway.pixels.source import frames_of, level_of, pixel_facts

QUALITY = 90


class NoSuchFrame(NotFound):
    """The image has fewer frames."""

    code = "no-such-frame"
    title = "There is no such frame"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the picture is of: its size in pixels, the frame it shows (from 1), and what the machine marked on it."""

    width: int
    height: int
    frame: int
    frames: int
    boxes: tuple[Box, ...]


NOTHING = Sheet(0, 0, 1, 1, ())


def sheet_of(screening: Screening, instance: Instance, frame: int) -> Sheet:
    """The measures of a picture. Raises NoSuchFrame, ArchiveError, DicomError, CannotDecode."""
    if screening.state == FAILED:
        return NOTHING
    if not is_slide(instance):
        count = max(1, instance.frame_count)
        if not 1 <= frame <= count:
            raise NoSuchFrame
        boxes = merged(Box(*mark[2:]) for mark in screening.marks)
        return Sheet(instance.columns, instance.rows, frame, count, boxes)
    with headers_of([instance]) as (header,):
        level = level_of(header)
    return Sheet(*level.drawn_size, 1, 1, merged(_placed(level, screening)))


def _placed(level: Level, screening: Screening) -> Iterable[Box]:
    """Marks on frames as boxes on the whole."""
    by = level.shrunk
    for frame, _kind, *sides in screening.marks:
        whole = Box(*sides).moved(*level.places[frame])
        yield Box(whole.left // by, whole.top // by, -(-whole.right // by), -(-whole.bottom // by))


def merged(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Boxes that touch as one: a line of text is cut where frames meet."""
    found: list[Box] = []
    for each in boxes:
        whole = each
        while near := [other for other in found if other.grown(1).meets(whole)]:
            found = [other for other in found if other not in near]
            for other in near:
                whole = whole.joined(other)
        found.append(whole)
    return tuple(sorted(found))


def drawn(instance: Instance, frame: int) -> bytes:
    """The picture as JPEG. Raises ArchiveError, DicomError, CannotDecode."""
    with headers_of([instance]) as (header,):
        if is_slide(instance):
            picture = level_of(header).sheets()[0]
        else:
            facts, (frames, _count) = pixel_facts(header), frames_of(header)
            picture = shown(decoded(frames(frame - 1), facts), facts)
    held = BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=QUALITY)
    return held.getvalue()
