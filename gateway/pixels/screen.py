"""Screening: look at the pixels, take out what was found, look again; at most three rounds, then a person.

A whole slide is looked at on its lowest legible level, and what is found is mapped to the frames of every level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.pixels.boxes import Box, on_picture
from gateway.pixels.encodings import PixelFacts, decoded
from gateway.pixels.findings import DEVICE, DRAWN, Finding
from gateway.pixels.redact.frames import redacted

ROUNDS = 3
CLEAN, REDACTED, REVIEW, WITHHELD = "clean", "redacted", "review", "withheld"
LARGEST_SIDE = 8192  # pixels of a picture that is looked at
LEGIBLE_SIDE = 1000  # pixels from which on letters can be read; the lowest level of a pyramid is often smaller

Picture = NDArray[np.uint8]
Frames = Callable[[int], bytes]  # encoded frame by number, from 0


class Eyes(Protocol):
    """Whatever finds text and codes in a picture of 8 bits."""

    def find(self, picture: Picture) -> list[Finding]:
        """What stands in (rows, columns) or (rows, columns, RGB)."""
        ...

    def find_ink(self, picture: Picture) -> list[Finding]:
        """What is written on the glass of a slide, (rows, columns, RGB), over the tissue."""
        ...

    def find_rest(self, picture: Picture) -> list[Finding]:
        """What may be left of it, where something was found before."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """Something found on one frame, in that frame's pixels."""

    frame: int
    kind: str
    box: Box


@dataclass(frozen=True, slots=True)
class Screened:
    """The outcome for one instance: what was found, and the frames that take the place of the archive's."""

    state: str
    marks: tuple[Mark, ...] = ()
    replaced: Mapping[int, bytes] = field(default_factory=dict)
    rounds: int = 1
    reason: str = ""


def screen(
    frames: Frames, count: int, facts: PixelFacts, eyes: Eyes, known: Sequence[Box] = (), *, kind: str = DEVICE
) -> Screened:
    """Every frame of an instance. What is found on one is taken out of all: burnt-in text stays where it is.

    `known`, of a kind, is taken out before anyone looks: where the device is known to write.
    Raises CannotDecode, CannotRedact, NoCodec: then the instance is withheld.
    """
    marks = [Mark(frame, kind, box) for frame in range(count) for box in known]
    replaced = taken_out(frames, count, facts, known) if known else {}
    for number in range(1, ROUNDS + 1):
        found = _look(eyes.find, frames, count, facts, replaced)
        if not found:
            return Screened(REDACTED if marks else CLEAN, tuple(marks), replaced, number)
        marks += found
        replaced = taken_out(frames, count, facts, [each.box for each in marks])
        rest = _look(eyes.find_rest, frames, count, facts, replaced)
        marks += [each for each in rest if _beside(each.box, marks)]
        replaced = taken_out(frames, count, facts, [each.box for each in marks])
    return Screened(REVIEW, tuple(marks), {}, ROUNDS)


def taken_out(frames: Frames, count: int, facts: PixelFacts, boxes: Sequence[Box]) -> dict[int, bytes]:
    """Every frame without these boxes. Raises CannotRedact, CannotDecode, NoCodec."""
    return {frame: redacted(frames(frame), boxes, facts) for frame in range(count)}


def _look(
    find: Callable[[Picture], list[Finding]], frames: Frames, count: int, facts: PixelFacts, seen: Mapping[int, bytes]
) -> list[Mark]:
    return [
        Mark(frame, each.kind, each.box)
        for frame in range(count)
        for each in find(shown(decoded(seen.get(frame) or frames(frame), facts), facts))
    ]


def _beside(box: Box, marks: Sequence[Mark]) -> bool:
    """Whether a box is near to something that was found: the rest of a line is, a shape elsewhere is not."""
    return any(box.meets(each.box.grown(3 * min(each.box.height, each.box.width))) for each in marks)


def shown(pixels: NDArray[Any], facts: PixelFacts) -> Picture:
    """A decoded frame as people would see it: 8 bits, the whole range of its values stretched; grey or RGB."""
    if pixels.dtype == np.uint8:
        picture = pixels
    else:
        values = pixels.astype(np.float32)
        low, high = np.percentile(values, (0.5, 99.9))
        picture = (255 * np.clip((values - low) / max(float(high - low), 1.0), 0, 1)).astype(np.uint8)
    if facts.photometric == "MONOCHROME1":
        picture = 255 - picture
    native = picture.ndim == 3 and facts.photometric.startswith("YBR_FULL") and ".1.2.4." not in facts.transfer_syntax
    return np.ascontiguousarray(picture[..., 0] if native else picture)  # of luminance and chrominance, luminance


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a slide: its frames, where each lies in the whole (left, top in pixels), and its size."""

    frames: Frames
    places: Sequence[tuple[int, int]]
    width: int
    height: int
    facts: PixelFacts

    @property
    def shrunk(self) -> int:
        """How many pixels of the level one of its assembled picture covers, each way: few levels need more than 1."""
        return max(1, -(-max(self.width, self.height) // LARGEST_SIDE))

    def assembled(self) -> Picture:
        """The whole level, shrunk if it is very large; what no frame covers is white."""
        by = self.shrunk
        whole = np.full((-(-self.height // by), -(-self.width // by), 3), 255, np.uint8)
        for number, (left, top) in enumerate(self.places):
            tile = shown(decoded(self.frames(number), self.facts), self.facts)[::by, ::by]
            part = whole[top // by : top // by + tile.shape[0], left // by : left // by + tile.shape[1]]
            part[:] = (tile if tile.ndim == 3 else tile[..., None])[: part.shape[0], : part.shape[1]]
        return whole

    def marks(self, boxes: Iterable[tuple[str, Box]]) -> list[Mark]:
        """Boxes of the whole level, as marks on the frames that they touch."""
        found = []
        for kind, box in boxes:
            for number, (left, top) in enumerate(self.places):
                for part in on_picture([box.moved(-left, -top)], self.facts.columns, self.facts.rows):
                    found.append(Mark(number, kind, part))
        return found

    def without(self, marks: Sequence[Mark]) -> dict[int, bytes]:
        """The frames that marks lie on, with them taken out."""
        by_frame: dict[int, list[Box]] = {}
        for each in marks:
            by_frame.setdefault(each.frame, []).append(each.box)
        return {number: redacted(self.frames(number), boxes, self.facts) for number, boxes in by_frame.items()}


def looked_at(sizes: Sequence[tuple[int, int]]) -> int:
    """Which of the levels of these widths and heights is looked at: the smallest on which letters can still be read."""
    legible = [each for each in sizes if max(each) >= LEGIBLE_SIDE] or [max(sizes)]
    return sizes.index(min(legible))


def screen_slide(levels: Sequence[Level], eyes: Eyes) -> list[Screened]:
    """The levels of one slide in their order: clean, or for a person to look at, with what was found marked on each.

    Text on tissue is rare, and among cells letters are easily missed, so that a person draws the last box.
    Raises CannotDecode.
    """
    seen = levels[looked_at([(each.width, each.height) for each in levels])]
    picture = seen.assembled()
    found = [*eyes.find(picture), *eyes.find_ink(picture)]
    return [Screened(REVIEW if found else CLEAN, tuple(_on(each, seen, found))) for each in levels]


def redact_slide(levels: Sequence[Level], drawn_on: int, boxes: Sequence[Box]) -> list[Screened]:
    """Every level without these boxes, which were drawn on the assembled picture of one of them.

    Raises CannotRedact, CannotDecode, NoCodec.
    """
    drawn = [Finding(DRAWN, each, 1.0) for each in boxes]
    marked = [(each, _on(each, levels[drawn_on], drawn)) for each in levels]
    return [Screened(REDACTED, tuple(marks), each.without(marks)) for each, marks in marked]


def _on(level: Level, seen: Level, found: Sequence[Finding]) -> list[Mark]:
    """What was found on the level that was looked at, as marks on the frames of another."""
    across, down = (seen.shrunk * a / b for a, b in ((level.width, seen.width), (level.height, seen.height)))
    return level.marks((each.kind, _stretched(each.box, across, down)) for each in found)


def _stretched(box: Box, across: float, down: float) -> Box:
    return Box(
        int(box.left * across), int(box.top * down), -int(-box.right * across // 1), -int(-box.bottom * down // 1)
    )
