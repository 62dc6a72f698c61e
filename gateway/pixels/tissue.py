"""Of an overview the tissue: the rectangle that the slide's own images map to (PS3.3 C.8.12.2.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

from pydicom.dataset import Dataset

from gateway.dicom.errors import DicomError
from gateway.dicom.header import Header
from gateway.errors import Invalid
from gateway.pixels.boxes import Box, without
from gateway.pixels.encodings import WITHHOLD, decoded
from gateway.pixels.findings import GLASS
from gateway.pixels.looks import shown
from gateway.pixels.screen import REDACTED, WITHHELD, Eyes, Screened, screen
from gateway.pixels.source import frames_of, pixel_facts

STRAIGHT = 1e-3  # how far a direction cosine may be from 0 or 1
STILL_TEXT = "Beside its label, there may be text on this overview."
LABEL_IN_IMAGE = 0x00480010
LEAST_SIDE = 16  # pixels of a rectangle that is worth keeping


class NotMapped(Invalid):
    """The geometry is missing, askew or of another slide, or it would leave the whole glass."""

    code = "tissue-not-mapped"
    title = "Nothing says which part of this overview shows tissue"


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where the pixels of an image lie on the glass, in mm of the slide coordinate system."""

    frame: str
    origin: tuple[float, float]
    across: tuple[float, float]  # mm for one column
    down: tuple[float, float]  # mm for one row
    columns: int
    rows: int

    def point(self, column: float, row: float) -> tuple[float, float]:
        """The place of a pixel's corner on the glass."""
        x, y = (o + a * column + d * row for o, a, d in zip(self.origin, self.across, self.down, strict=True))
        return x, y

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """(column, row) of a place on the glass."""
        (ax, ay), (dx, dy), (px, py) = self.across, self.down, (x - self.origin[0], y - self.origin[1])
        area = ax * dy - ay * dx
        return (px * dy - py * dx) / area, (ax * py - ay * px) / area


def beside_tissue(overview: Header, volumes: Sequence[Header]) -> list[Box]:
    """What of an overview is not tissue, in rectangles: all outside of what every VOLUME image of the slide covers.

    Raises NotMapped, CannotDecode.
    """
    glass, facts = _plane(overview), pixel_facts(overview)
    if (glass.columns, glass.rows) != (facts.columns, facts.rows):  # of more than one frame
        raise NotMapped
    whole, tissue = Box(0, 0, glass.columns, glass.rows), Box(0, 0, glass.columns, glass.rows)
    same = [each for each in map(_plane, volumes) if each.frame == glass.frame]
    if any((each.value(LABEL_IN_IMAGE) or b"").strip(b"\0 ") != b"NO" for each in volumes):
        raise NotMapped
    for each in same:
        part = _on(glass, each).within(tissue.right, tissue.bottom)
        tissue = _common(tissue, part) if part is not None else Box(0, 0, 0, 0)
    rest = without(whole, [tissue])
    if not same or min(tissue.width, tissue.height) < LEAST_SIDE or not rest:
        raise NotMapped
    return rest


def screen_overview(overview: Header, volumes: Sequence[Header], eyes: Eyes, irreversible: str = WITHHOLD) -> Screened:
    """All but the tissue taken out, then looked at like any picture, and for ink like a slide.

    No person is asked about what is left, who would have the label to look at. Raises NotMapped, CannotDecode,
    CannotRedact, NoCodec, BadFrames.
    """
    frames, count = frames_of(overview)
    facts = pixel_facts(overview, irreversible)
    if count != 1:
        raise NotMapped
    done = screen(frames, count, facts, eyes, beside_tissue(overview, volumes), kind=GLASS)
    if done.state != REDACTED or eyes.find_ink(shown(decoded(done.replaced[0], facts), facts)):
        return Screened(WITHHELD, done.marks, reason=STILL_TEXT)
    return done


def _on(glass: _Plane, volume: _Plane) -> Box:
    """The rectangle of a volume on the overview, in whole pixels inside it."""
    corners = [glass.pixel(*volume.point(column, row)) for column in (0, volume.columns) for row in (0, volume.rows)]
    columns, rows = [each[0] for each in corners], [each[1] for each in corners]
    near = 1e-6  # so that an edge on a pixel's edge stays there
    return Box(ceil(min(columns) - near), ceil(min(rows) - near), floor(max(columns) + near), floor(max(rows) + near))


def _common(one: Box, other: Box) -> Box:
    left, top = max(one.left, other.left), max(one.top, other.top)
    return Box(left, top, max(left, min(one.right, other.right)), max(top, min(one.bottom, other.bottom)))


def _plane(header: Header) -> _Plane:
    try:
        told = header.parsed()
        origin = told.TotalPixelMatrixOriginSequence[0]
        row, column = _direction(told, 0), _direction(told, 3)
        between = [float(each) for each in _measures(told).PixelSpacing]  # of rows, of columns: PS3.3 10.7.1.3
        plane = _Plane(
            str(told.FrameOfReferenceUID),
            (float(origin.XOffsetInSlideCoordinateSystem), float(origin.YOffsetInSlideCoordinateSystem)),
            (row[0] * between[1], row[1] * between[1]),
            (column[0] * between[0], column[1] * between[0]),
            int(told.TotalPixelMatrixColumns),
            int(told.TotalPixelMatrixRows),
        )
    except (DicomError, AttributeError, IndexError, TypeError, ValueError, OSError, NotImplementedError):
        raise NotMapped from None
    numbers = (*plane.origin, *between)
    if not all(map(isfinite, numbers)) or min(*between, plane.columns, plane.rows) <= 0 or not plane.frame:
        raise NotMapped
    return plane


def _measures(told: Dataset) -> Dataset:
    measures: Dataset = told.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    return measures


def _direction(told: Dataset, start: int) -> tuple[float, float]:
    """Of rows or columns, rounded to the axis that it runs along. Raises NotMapped for one that runs along none."""
    x, y, z = (float(each) for each in told.ImageOrientationSlide[start : start + 3])
    if any(abs(abs(each) - round(abs(each))) > STRAIGHT for each in (x, y)) or abs(z) > STRAIGHT:
        raise NotMapped
    straight = (float(round(x)), float(round(y)))
    if abs(straight[0]) + abs(straight[1]) != 1:
        raise NotMapped
    return straight
