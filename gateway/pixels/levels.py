"""A level of a slide as pictures: its frames side by side, on several sheets where they lie over one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.pixels.aside import Aside
from gateway.pixels.boxes import Box, on_picture
from gateway.pixels.encodings import CannotDecode, PixelFacts, decoded
from gateway.pixels.looks import Picture, shown
from gateway.pixels.redact.frames import redacted

LARGEST_SIDE = 8192  # pixels of a picture that is looked at
LEGIBLE_SIDE = 1000  # pixels from which on letters can be read; the lowest level of a pyramid is often smaller
MOST_BYTES = 1024**3  # of all sheets of a level

Frames = Callable[[int], bytes]  # encoded frame by number, from 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Something found on one frame, in that frame's pixels."""

    frame: int
    kind: str
    box: Box


@dataclass(slots=True)
class _Sheet:
    picture: Picture
    covered: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a slide: its frames, where each lies in the whole (left, top in pixels), and its size.

    Frames of several focal planes or optical paths have the same places.
    """

    frames: Frames
    places: Sequence[tuple[int, int]]
    width: int
    height: int
    facts: PixelFacts

    @property
    def size(self) -> tuple[int, int]:
        """(columns, rows) of all that its frames hold; at its edges they may reach beyond the slide."""
        right = max(left for left, _top in self.places) + self.facts.columns
        bottom = max(top for _left, top in self.places) + self.facts.rows
        return max(self.width, right), max(self.height, bottom)

    @property
    def shrunk(self) -> int:
        """How many pixels of the level one of its pictures covers, each way: few levels need more than 1."""
        return max(1, -(-max(self.size) // LARGEST_SIDE))

    @property
    def drawn_size(self) -> tuple[int, int]:
        """(columns, rows) of one of its pictures."""
        columns, rows = self.size
        return -(-columns // self.shrunk), -(-rows // self.shrunk)

    def sheets(self) -> list[Picture]:
        """The whole level, shrunk if it is very large; what no frame covers is white. Raises CannotDecode.

        As many pictures as frames lie over one another, so that each pixel of each frame is on one.
        """
        by, (columns, rows) = self.shrunk, self.drawn_size
        edge = int(by > 1)  # shrunk frames share the pixels on their edges
        sheets: list[_Sheet] = []
        for number, (left, top) in enumerate(self.places):
            tile = _reduced(shown(decoded(self.frames(number), self.facts), self.facts), by)
            down, across = (slice(at // by, at // by + side) for at, side in zip((top, left), tile.shape, strict=False))
            inner = slice(down.start + edge, down.stop - edge), slice(across.start + edge, across.stop - edge)
            sheet = next((each for each in sheets if not each.covered[inner].any()), None)
            if sheet is None:
                if (len(sheets) + 1) * columns * rows * 3 > MOST_BYTES:
                    raise CannotDecode
                sheet = _Sheet(np.full((rows, columns, 3), 255, np.uint8), np.zeros((rows, columns), np.bool_))
                sheets.append(sheet)
            part = sheet.picture[down, across]
            part[:] = (tile if tile.ndim == 3 else tile[..., None])[: part.shape[0], : part.shape[1]]
            sheet.covered[down, across] = True
        return [each.picture for each in sheets]

    def marks(self, boxes: Iterable[tuple[str, Box]]) -> list[Mark]:
        """Boxes of the whole level, as marks on the frames that they touch, however many lie over one another."""
        found = []
        for kind, box in boxes:
            for number, (left, top) in enumerate(self.places):
                for part in on_picture([box.moved(-left, -top)], self.facts.columns, self.facts.rows):
                    found.append(Mark(number, kind, part))
        return found

    def without(self, marks: Sequence[Mark]) -> Mapping[int, bytes]:
        """The frames that marks lie on, with them taken out."""
        by_frame: dict[int, list[Box]] = {}
        for each in marks:
            by_frame.setdefault(each.frame, []).append(each.box)
        return Aside((number, redacted(self.frames(number), boxes, self.facts)) for number, boxes in by_frame.items())


def _reduced(tile: Picture, by: int) -> Picture:
    """A tile with each square of pixels as their mean, so that thin strokes do not fall between them."""
    return tile if by == 1 else np.asarray(Image.fromarray(tile).reduce(by))


def looked_at(sizes: Sequence[tuple[int, int]]) -> int:
    """Which of the levels of these widths and heights is looked at: the smallest on which letters can still be read."""
    legible = [each for each in sizes if max(each) >= LEGIBLE_SIDE] or [max(sizes)]
    return sizes.index(min(legible))
