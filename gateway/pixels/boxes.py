"""Rectangles of pixels: where something was found, and what is taken out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A rectangle in pixels, rows downwards; `right` and `bottom` are just outside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    def grown(self, by: int) -> Box:
        """The same with a margin on every side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def moved(self, across: int, down: int) -> Box:
        """The same elsewhere."""
        return Box(self.left + across, self.top + down, self.right + across, self.bottom + down)

    def within(self, width: int, height: int) -> Box | None:
        """The part of it that lies on a picture of that size; None if there is none."""
        part = Box(max(self.left, 0), max(self.top, 0), min(self.right, width), min(self.bottom, height))
        return part if part.width > 0 and part.height > 0 else None

    def joined(self, other: Box) -> Box:
        """The smallest rectangle that holds both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        return Box(left, top, max(self.right, other.right), max(self.bottom, other.bottom))

    def meets(self, other: Box) -> bool:
        """Whether they share a pixel."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def on_picture(boxes: Iterable[Box], width: int, height: int) -> list[Box]:
    """The parts of the boxes that lie on a picture."""
    return [part for box in boxes if (part := box.within(width, height)) is not None]


def without(box: Box, holes: Iterable[Box]) -> list[Box]:
    """What is left of a box, in rectangles, when others are cut out of it."""
    left = [box]
    for hole in holes:
        left = [part for each in left for part in _cut(each, hole)]
    return left


def _cut(box: Box, hole: Box) -> list[Box]:
    if not box.meets(hole):
        return [box]
    top, bottom = max(box.top, hole.top), min(box.bottom, hole.bottom)
    parts = (
        Box(box.left, box.top, box.right, top),
        Box(box.left, bottom, box.right, box.bottom),
        Box(box.left, top, hole.left, bottom),
        Box(hole.right, top, box.right, bottom),
    )
    return [each for each in parts if each.width > 0 and each.height > 0]
