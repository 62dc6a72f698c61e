"""Which part of the glass an image of a slide covers (PS3.3 C.8.12.4): levels of one pyramid cover the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import isfinite
from typing import Any

from pydicom.dataset import Dataset

EDGE = 2  # pixels of the coarser image by which edges of two levels may differ
STRETCH = 0.01  # of its length, by which an edge may be farther off: spacings are rounded


@dataclass(frozen=True, slots=True)
class Ground:
    """A rectangle of the glass in mm: the frame of reference, the first pixel's corner, the size, and that of a pixel.

    `frame` also holds the orientation: what is turned covers something else.
    """

    frame: str
    left: float
    top: float
    width: float
    height: float
    pixel: float

    def covers_same(self, other: Ground) -> bool:
        """Whether both are levels of one pyramid."""
        edge = EDGE * max(self.pixel, other.pixel) + STRETCH * max(self.width, self.height)
        mine, theirs = astuple(self)[1:5], astuple(other)[1:5]
        return self.frame == other.frame and all(abs(a - b) <= edge for a, b in zip(mine, theirs, strict=True))


def ground_of(told: Dataset) -> Ground | None:
    """What the header says; None if it does not say."""
    try:
        origin = told.TotalPixelMatrixOriginSequence[0]
        width, height = float(told.ImagedVolumeWidth), float(told.ImagedVolumeHeight)
        columns, rows = int(told.TotalPixelMatrixColumns), int(told.TotalPixelMatrixRows)
        directions = " ".join(f"{float(each):.3f}" for each in told.ImageOrientationSlide)
        ground = Ground(
            f"{told.FrameOfReferenceUID} {directions}"[:160],
            float(origin.XOffsetInSlideCoordinateSystem),
            float(origin.YOffsetInSlideCoordinateSystem),
            width,
            height,
            max(width / columns, height / rows),
        )
    except (AttributeError, IndexError, TypeError, ValueError, ArithmeticError):
        return None
    sound = all(map(isfinite, astuple(ground)[1:])) and min(width, height, columns, rows) > 0
    return ground if sound else None


def stored(ground: Ground | None) -> list[Any] | None:
    """As a list for a database."""
    return None if ground is None else list(astuple(ground))


def pyramids(grounds: Sequence[list[Any] | None]) -> list[list[int]]:
    """Which of the images, as they are stored, are levels of one pyramid; one that does not say is alone."""
    found: list[list[int]] = []
    known = [None if each is None else Ground(*each) for each in grounds]
    for number, mine in enumerate(known):
        for group in found:
            others = [known[each] for each in group]
            if mine is not None and all(other is not None and mine.covers_same(other) for other in others):
                group.append(number)
                break
        else:
            found.append([number])
    return found
