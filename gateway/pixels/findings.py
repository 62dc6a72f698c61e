"""What was found in a picture: where, and of which kind. Never what it says."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.pixels.boxes import Box

TEXT, CODE, DRAWN, DEVICE, GLASS = "text", "code", "drawn", "device", "glass"
REMARK = "remark"  # beside the picture, so that it has no place in it


@dataclass(frozen=True, slots=True)
class Finding:
    """Text or a code somewhere in a picture, or a box that a person drew; `score` from 0 to 1."""

    kind: str
    box: Box
    score: float
