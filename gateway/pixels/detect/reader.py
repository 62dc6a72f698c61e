"""Finds text and codes in a picture. What the text says is never kept, only where it stands.

Three looks at each picture: as it is; at a quarter of its size, for letters larger than the model knows; and with
the background flattened, for letters that hardly differ from it. Codes are looked for besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from rapidocr_onnxruntime import RapidOCR

from gateway.pixels.boxes import Box
from gateway.pixels.findings import CODE, TEXT, Finding

Picture = NDArray[np.uint8]
LARGEST = 1600  # pixels of a window's side; the engine would make larger ones smaller
OVERLAP = 200
SURE, SURE_OF_FEW = 0.6, 0.8  # of the recogniser, from which on something is taken for text
HARDLY_SURE = 0.3
FEW = 3  # letters: shapes in tissue look like so few of them
TALLEST = 0.4  # of a picture's height: what few letters can be; an organ is taller
SMALLEST_QUARTER = 320  # pixels; of smaller pictures a quarter shows nothing


class Reader:
    """The engine, loaded. It holds a lot of memory: one for each process that scans, none in a web process."""

    def __init__(self, threads: int = 1) -> None:
        self._engine = RapidOCR(intra_op_num_threads=threads, inter_op_num_threads=1)

    def find(self, picture: Picture) -> list[Finding]:
        """What stands in a picture of 8 bits, (rows, columns) or (rows, columns, RGB)."""
        return self._found(picture, _is_text)

    def find_ink(self, picture: Picture) -> list[Finding]:
        """What is written on the glass of a slide, (rows, columns, RGB): through a red filter stained tissue is bright,
        and blue, black and green ink is dark."""
        return [each for each in self._found(picture[..., 0], _is_ink) if each.kind == TEXT]

    def find_rest(self, picture: Picture) -> list[Finding]:
        """What may be left where something was found before: less is enough to be taken for text."""
        return self._found(picture, _may_be_text)

    def _found(self, picture: Picture, taken: Callable[[str, float, float], bool]) -> list[Finding]:
        colour = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
        found = list(_codes(colour))
        for view, scale in _views(colour):
            for window, left, top in _windows(view):
                found += [_scaled(each, left, top, scale) for each in self._text(window, taken)]
        height, width = picture.shape[:2]
        parts = ((each, each.box.within(width, height)) for each in found)
        return [Finding(each.kind, part, each.score) for each, part in parts if part is not None]

    def _text(self, window: Picture, taken: Callable[[str, float, float], bool]) -> Iterator[Finding]:
        found, _times = self._engine(np.ascontiguousarray(window[..., ::-1]), text_score=0.0)
        for quad, text, score in found or ():
            box = _around(quad)
            if taken(text, float(score), box.height / window.shape[0]):
                yield Finding(TEXT, box, float(score))


def _is_text(text: str, score: float, height: float) -> bool:
    letters = sum(each.isalnum() for each in text)
    if letters > FEW:
        return score >= SURE
    return letters >= 2 and score >= SURE_OF_FEW and height <= TALLEST


def _is_ink(text: str, score: float, _height: float) -> bool:
    return score >= SURE_OF_FEW and sum(each.isalnum() for each in text) > 1


def _may_be_text(text: str, score: float, height: float) -> bool:
    return score >= HARDLY_SURE and height <= TALLEST and any(each.isalnum() for each in text)


def _around(quad: Any) -> Box:
    """The upright rectangle about four corners, with a margin for what the detector cuts off: along a line more."""
    corners = np.asarray(quad, np.float32)
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    height = float(min(sides[0], sides[1]))
    beside, above = (0.75, 0.25) if right - left >= bottom - top else (0.25, 0.75)
    across, down = beside * height + 2, above * height + 2
    return Box(int(left - across), int(top - down), int(right + across) + 1, int(bottom + down) + 1)


def _views(picture: Picture) -> Iterator[tuple[Picture, int]]:
    """(view, how many pixels of the picture one of its pixels covers)."""
    yield picture, 1
    height, width = picture.shape[:2]
    if min(height, width) // 4 >= SMALLEST_QUARTER // 4:
        yield cv2.resize(picture, (width // 4, height // 4), interpolation=cv2.INTER_AREA), 4  # type: ignore[misc]
    yield _flat(picture), 1


def _flat(picture: Picture) -> Picture:
    """Grey, the large-scale background taken off, contrast stretched to what differs from it."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rest = grey - cv2.GaussianBlur(grey, (0, 0), 25)
    spread = max(float(np.percentile(np.abs(rest), 99)), 8.0)
    flat = np.clip(128 + 127 * rest / spread, 0, 255).astype(np.uint8)
    return np.repeat(flat[..., None], 3, axis=2)


def _windows(picture: Picture) -> Iterator[tuple[Picture, int, int]]:
    """(window, left, top): overlapping parts that the engine takes as they are."""
    height, width = picture.shape[:2]
    step = LARGEST - OVERLAP
    for top in range(0, max(height - OVERLAP, 1), step):
        for left in range(0, max(width - OVERLAP, 1), step):
            yield picture[top : top + LARGEST, left : left + LARGEST], left, top


def _scaled(found: Finding, left: int, top: int, scale: int) -> Finding:
    box = found.box.moved(left, top)
    return Finding(
        found.kind, Box(box.left * scale, box.top * scale, box.right * scale, box.bottom * scale), found.score
    )


def _codes(picture: Picture) -> Iterator[Finding]:
    """1D and 2D codes, also damaged ones: where there is a code there is a number.

    In noise there are damaged codes everywhere, but they are elsewhere once the picture is a little blurred.
    """
    sound, damaged = _read_codes(picture)
    if damaged:
        blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.uint8)
        again = [box for boxes in _read_codes(blurred) for box in boxes]
        sound += [each for each in damaged if any(each.meets(other) for other in again)]
    yield from (Finding(CODE, each, 1.0) for each in sound)


def _read_codes(picture: Picture) -> tuple[list[Box], list[Box]]:
    """Where codes are: those that can be read, and those that are damaged."""
    boxes: tuple[list[Box], list[Box]] = ([], [])
    for each in zxingcpp.read_barcodes(np.ascontiguousarray(picture), return_errors=True):
        place = each.position
        corners = [(p.x, p.y) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)]
        boxes[not each.valid].append(_around(corners))
    return boxes
