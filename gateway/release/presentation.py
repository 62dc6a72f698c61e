"""How a picture is wanted: the query parameters of rendered resources (PS3.18 8.3.5)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gateway.errors import Invalid
from gateway.release.grey import FUNCTIONS, Window

MOST_PIXELS = 4096  # of one side of a picture
NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?")


class BadPresentation(Invalid):
    """A picture asked for in a way that cannot be understood, or that is not offered."""

    code = "bad-rendering"
    title = "The picture cannot be drawn as it is asked for"


class Colour(Enum):
    """The ICC profile in the answer (PS3.18 8.3.5.1.5); where nothing is asked for, colours stay and none is put in."""

    UNSAID = ""
    NO = "no"
    YES = "yes"
    SRGB = "srgb"


@dataclass(frozen=True, slots=True)
class Viewport:
    """The largest size of the picture, and the region of the frame that it shows, in pixels of the frame.

    A region of no width or height reaches to the edge; a negative one is mirrored (PS3.18 8.3.5.1.3).
    """

    width: int
    height: int
    left: float = 0
    top: float = 0
    across: float = 0
    down: float = 0


@dataclass(frozen=True, slots=True)
class Presentation:
    """All that may be asked of a picture."""

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int | None = None
    colour: Colour = Colour.UNSAID

    @property
    def changes_pixels(self) -> bool:
        """Whether a frame has to be drawn anew for it."""
        return bool(self.window or self.viewport or self.quality) or self.colour is Colour.SRGB


def presented(arguments: Mapping[str, str]) -> Presentation:
    """What a query string asks for; parameters that are not known are ignored. Raises BadPresentation."""
    return Presentation(
        window=_window(arguments["window"]) if arguments.get("window") else None,
        viewport=viewport(arguments["viewport"]) if arguments.get("viewport") else None,
        quality=_quality(arguments["quality"]) if arguments.get("quality") else None,
        colour=_colour(arguments.get("iccprofile", "")),
    )


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise BadPresentation("A number among the rendering parameters is not a decimal number.")
    return float(text)


def _window(text: str) -> Window:
    """`center,width,function`, of which the function may be left out."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 3):
        raise BadPresentation("window is a center, a width and a function, with commas between them.")
    function = parts[2].upper().replace("-", "_") if len(parts) == 3 else "LINEAR"
    if function not in FUNCTIONS:
        raise BadPresentation("The function of a window is linear, linear-exact or sigmoid.")
    window = Window(_number(parts[0]), _number(parts[1]), function)
    if window.width < 1 if function == "LINEAR" else window.width <= 0:
        raise BadPresentation("The width of a window is at least 1; of linear-exact and sigmoid, more than 0.")
    return window


def viewport(text: str) -> Viewport:
    """`vw,vh` or `vw,vh,sx,sy,sw,sh`, of which the last four may be empty. Raises BadPresentation."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 6) or not all(re.fullmatch(r"[0-9]{1,5}", part) for part in parts[:2]):
        raise BadPresentation("viewport is vw,vh or vw,vh,sx,sy,sw,sh.")
    width, height = int(parts[0]), int(parts[1])
    if not (1 <= width <= MOST_PIXELS and 1 <= height <= MOST_PIXELS):
        raise BadPresentation(f"The sides of a viewport are from 1 to {MOST_PIXELS} pixels.")
    left, top, across, down = (_number(part) if part else 0.0 for part in (*parts[2:], "", "", "", "")[:4])
    if left < 0 or top < 0:
        raise BadPresentation("The region of a viewport begins inside the frame.")
    return Viewport(width, height, left, top, across, down)


def _quality(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise BadPresentation("quality is a whole number from 1 to 100.")
    return int(text)


def _colour(text: str) -> Colour:
    try:
        return Colour(text.lower())
    except ValueError:
        raise BadPresentation("iccprofile is no, yes or srgb; other colour spaces are not offered.") from None


def region(size: tuple[int, int], wanted: Viewport) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a viewport shows of a frame of that size. Raises BadPresentation."""
    edges = []
    for start, length, whole in zip((wanted.left, wanted.top), (wanted.across, wanted.down), size, strict=True):
        stop = min(start + abs(length), whole) if length else whole
        first, last = math.floor(start), math.ceil(stop)
        if first >= min(last, whole):
            raise BadPresentation("The region of the viewport lies outside the frame.")
        edges.append((first, last))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]
