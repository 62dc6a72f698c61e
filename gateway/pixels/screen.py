"""Screening: look at the pixels, take out what was found, look again; at most three rounds, then a person.

A whole slide is looked at on its lowest legible level, and what is found is mapped to the frames of every level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

from gateway.pixels.aside import Aside
from gateway.pixels.boxes import Box
from gateway.pixels.encodings import PixelFacts, decoded
from gateway.pixels.findings import DEVICE, DRAWN, REMARK, Finding
from gateway.pixels.levels import Frames, Level, Mark, looked_at
from gateway.pixels.looks import Picture, looks
from gateway.pixels.redact.frames import redacted
from gateway.pixels.redact.remarks import without_remarks

ROUNDS = 3
NOWHERE = Box(0, 0, 0, 0)
CLEAN, REDACTED, REVIEW, WITHHELD = "clean", "redacted", "review", "withheld"
Known = Sequence[Sequence[Box]]  # of each level of a slide, in its pixels, where its device is known to write
OVER_ONE_ANOTHER = "Text may be on it, and its frames lie over one another, so that people cannot look at all of them."


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
    Raises CannotDecode, CannotRedact, TooMuchReplaced, NoCodec: then the instance is withheld.
    """
    marks = [Mark(frame, kind, box) for frame in range(count) for box in known]
    replaced: Mapping[int, bytes] = taken_out(frames, count, facts, known) if known else {}
    for number in range(1, ROUNDS + 1):
        found = _look(eyes.find, frames, count, facts, replaced)
        if not found:
            done = Screened(REDACTED if marks else CLEAN, tuple(marks), replaced, number)
            return tidied(done, frames, count, facts)
        marks += found
        replaced = taken_out(frames, count, facts, [each.box for each in marks])
        rest = _look(eyes.find_rest, frames, count, facts, replaced)
        marks += [each for each in rest if _beside(each.box, marks)]
        replaced = taken_out(frames, count, facts, [each.box for each in marks])
    return Screened(REVIEW, tuple(marks), {}, ROUNDS)


def tidied(outcome: Screened, frames: Frames, count: int, facts: PixelFacts) -> Screened:
    """The same for an instance whose frames carry nothing beside their pixels: those that do are replaced as well.

    A mark says so, so that it is known if they are lost. Raises CannotRedact, TooMuchReplaced.
    """
    seen = (each for each in range(count) if each not in outcome.replaced)
    tidy = Aside(_cleaned(frames, seen, facts))
    if not tidy:
        return outcome
    marks = (*outcome.marks, Mark(min(tidy), REMARK, NOWHERE))
    return replace(outcome, marks=marks, replaced=Aside(chain(outcome.replaced.items(), tidy.items())))


def _cleaned(frames: Frames, numbers: Iterable[int], facts: PixelFacts) -> Iterator[tuple[int, bytes]]:
    """Those of the frames that carry something beside their pixels, without it."""
    for number in numbers:
        frame = frames(number)
        clean = without_remarks(frame, facts)
        if clean is not frame:
            yield number, clean


def taken_out(frames: Frames, count: int, facts: PixelFacts, boxes: Sequence[Box]) -> Mapping[int, bytes]:
    """Every frame without these boxes. Raises CannotRedact, CannotDecode, NoCodec, TooMuchReplaced."""
    return Aside((frame, redacted(frames(frame), boxes, facts)) for frame in range(count))


def _look(
    find: Callable[[Picture], list[Finding]], frames: Frames, count: int, facts: PixelFacts, seen: Mapping[int, bytes]
) -> list[Mark]:
    return [
        Mark(frame, each.kind, each.box)
        for frame in range(count)
        for picture in looks(decoded(seen.get(frame) or frames(frame), facts), facts)
        for each in find(picture)
    ]


def _beside(box: Box, marks: Sequence[Mark]) -> bool:
    """Whether a box is near to something that was found: the rest of a line is, a shape elsewhere is not."""
    return any(box.meets(each.box.grown(3 * min(each.box.height, each.box.width))) for each in marks)


def screen_slide(levels: Sequence[Level], eyes: Eyes, known: Known = ()) -> list[Screened]:
    """The levels of one slide in their order: clean, or for a person to look at, with what was found marked on each.

    All images of the size that is looked at are: one that has parts, or focal planes of their own, has several.
    Text on tissue is rare, and among cells letters are easily missed, so that a person draws the last box.
    What is `known` is taken out before anyone looks. Raises CannotDecode, CannotRedact, NoCodec, TooMuchReplaced.
    """
    written, gone = _known_on(levels, known), list[Mapping[int, bytes]]()
    for level, on_it in zip(levels, written, strict=True):
        gone.append(level.without(on_it) if on_it else {})
    levels = [_bared(level, frames) for level, frames in zip(levels, gone, strict=True)]
    sizes = [(each.width, each.height) for each in levels]
    chosen = sizes[looked_at(sizes)]
    seen = [level for level, size in zip(levels, sizes, strict=True) if size == chosen]
    sheets = [(level, sheet) for level in seen for sheet in level.sheets()]
    found = [(level, each) for level, sheet in sheets for each in (*eyes.find(sheet), *eyes.find_ink(sheet))]
    if not found:
        every = zip(levels, written, gone, strict=True)
        return [_tidy_level(Screened(REDACTED if on_it else CLEAN, on_it, new), each) for each, on_it, new in every]
    marks = [
        (*on_it, *(mark for level, each in found for mark in _on(one, level, [each], level.shrunk)))
        for one, on_it in zip(levels, written, strict=True)
    ]
    if len(sheets) > 1:
        return [Screened(WITHHELD, each, reason=OVER_ONE_ANOTHER) for each in marks]
    return [Screened(REVIEW, each) for each in marks]


def redact_slide(levels: Sequence[Level], drawn_on: int, boxes: Sequence[Box], known: Known = ()) -> list[Screened]:
    """Every level without these boxes, which were drawn on the assembled picture of one of them, and what is known.

    Raises CannotRedact, CannotDecode, NoCodec, TooMuchReplaced.
    """
    drawn, seen = [Finding(DRAWN, each, 1.0) for each in boxes], levels[drawn_on]
    done = []
    for level, written in zip(levels, _known_on(levels, known), strict=True):
        marks = (*written, *_on(level, seen, drawn, seen.shrunk))
        state = REDACTED if marks or boxes else CLEAN
        done.append(_tidy_level(Screened(state, marks, level.without(marks)), level))
    return done


def _known_on(levels: Sequence[Level], known: Known) -> list[tuple[Mark, ...]]:
    """Of each level the marks of what is known on any: what is written on one is to be seen on all."""
    given = [(level, Finding(DEVICE, each, 1.0)) for level, boxes in zip(levels, known, strict=False) for each in boxes]
    return [tuple(mark for level, found in given for mark in _on(one, level, [found], 1)) for one in levels]


def _bared(level: Level, gone: Mapping[int, bytes]) -> Level:
    """The level with other frames where there are some."""
    return replace(level, frames=lambda number: gone.get(number) or level.frames(number)) if gone else level


def _tidy_level(outcome: Screened, level: Level) -> Screened:
    return tidied(outcome, level.frames, len(level.places), level.facts)


def _on(level: Level, seen: Level, found: Sequence[Finding], shrunk: int) -> list[Mark]:
    """What was found on the level that was looked at, so many times `shrunk`, as marks on the frames of another."""
    across, down = (shrunk * a / b for a, b in ((level.width, seen.width), (level.height, seen.height)))
    return level.marks((each.kind, _stretched(each.box, across, down)) for each in found)


def _stretched(box: Box, across: float, down: float) -> Box:
    return Box(
        int(box.left * across), int(box.top * down), -int(-box.right * across // 1), -int(-box.bottom * down // 1)
    )
