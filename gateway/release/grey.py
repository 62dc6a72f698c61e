"""Grey values made visible: rescaling, windows, and eight bits of brightness (PS3.4 N.2, PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.release import facts

Pixels = NDArray[Any]
Told = dict[str, Any]

FUNCTIONS = frozenset(("LINEAR", "LINEAR_EXACT", "SIGMOID"))
SHARED_GROUPS, FRAME_GROUPS = "52009229", "52009230"
TRANSFORMATION, VOI = "00289145", "00289132"  # functional groups (PS3.3 C.7.6.16.2.9 and .10)
SLOPE, INTERCEPT = "00281053", "00281052"
CENTER, WIDTH, FUNCTION = "00281050", "00281051", "00281056"


@dataclass(frozen=True, slots=True)
class Window:
    """A range of rescaled values that is shown from black to white (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: str = "LINEAR"

    def applied(self, values: Pixels) -> Pixels:
        """Brightness from 0.0 to 1.0."""
        if self.function == "SIGMOID":
            power = np.clip(-4 * (values - self.center) / self.width, -700, 700)
            return np.asarray(1 / (1 + np.exp(power)))
        shift, less = (0.5, 1.0) if self.function == "LINEAR" else (0.0, 0.0)
        if self.width == less:  # all or nothing
            return (values > self.center - shift).astype(np.float64)
        return np.clip((values - (self.center - shift)) / (self.width - less) + 0.5, 0.0, 1.0)


def eight_bits(pixels: Pixels, told: Told, frame: int, asked: Window | None) -> Pixels:
    """A decoded frame (counted from 0) as 0 to 255 from black to white.

    The window is the one asked for, or the header's first, or else the whole range of the values.
    """
    values = _stored(pixels, told)
    slope, intercept = (_in_groups(told, frame, TRANSFORMATION, tag) for tag in (SLOPE, INTERCEPT))
    window = asked or header_window(told, frame)
    if window is None and values.dtype == np.uint8:
        shown = values
    else:
        rescaled = values.astype(np.float64) * float(slope or 1) + float(intercept or 0)
        window = window or Window((rescaled.max() + rescaled.min()) / 2, max(np.ptp(rescaled), 1.0), "LINEAR_EXACT")
        shown = np.rint(window.applied(rescaled) * 255).astype(np.uint8)
    return 255 - shown if facts.first(told, "00280004") == "MONOCHROME1" else shown


def header_window(told: Told, frame: int) -> Window | None:
    """The first window of a frame's header."""
    center, width, function = (_in_groups(told, frame, VOI, tag) for tag in (CENTER, WIDTH, FUNCTION))
    if center is None or width is None or float(width) <= 0:
        return None
    named = str(function or "LINEAR")
    kind = named if named in FUNCTIONS else "LINEAR"
    return Window(float(center), max(float(width), 1.0) if kind == "LINEAR" else float(width), kind)


def _stored(pixels: Pixels, told: Told) -> Pixels:
    """The values without what may stand in the bits above those stored (PS3.5 8.1.1)."""
    spare = pixels.dtype.itemsize * 8 - int(facts.first(told, "00280101") or pixels.dtype.itemsize * 8)
    if spare <= 0 or pixels.dtype.kind not in "iu":
        return pixels
    return (pixels << spare) >> spare


def _in_groups(told: Told, frame: int, group: str, tag: str) -> Any:
    """A value from the header itself, the frame's own functional groups, or those that all frames share."""
    own = (told.get(FRAME_GROUPS, {}).get("Value") or [])[frame : frame + 1]
    shared = told.get(SHARED_GROUPS, {}).get("Value") or []
    for item in (told, *(found for groups in (*own, *shared) for found in groups.get(group, {}).get("Value") or [])):
        value = facts.first(item, tag)
        if value is not None:
            return value
    return None
