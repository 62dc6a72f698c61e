"""A small picture of a whole slide, put together from the frames of its smallest level."""

from __future__ import annotations

from typing import Any

from PIL import Image

from gateway.release import facts
from gateway.release.colour import in_srgb, profile_of
from gateway.release.render import picture
from gateway.release.slide import Slide

SIDE = 256  # pixels
MOST_FRAMES = 64
GLASS = (244, 243, 245)


def _is_small(slide: Slide) -> bool:
    return slide.frame_count <= MOST_FRAMES and _size(slide.metadata)[0] > 0


def sources(slide: Slide) -> list[int]:
    """The frames (from 0) that a thumbnail is put together from: all, or the first where there are too many."""
    return list(range(slide.frame_count)) if _is_small(slide) else [0]


def thumbnail(slide: Slide, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """The picture in sRGB or grey, at most of that width and height."""
    told = slide.metadata
    if _is_small(slide):
        whole = Image.new("RGB", _size(told), GLASS)
        for frame, place in positions(slide).items():
            whole.paste(picture(slide, frame), place)
    else:
        whole = picture(slide, 0)
    whole.thumbnail(size)
    return whole if whole.mode == "L" else in_srgb(whole, profile_of(told))


def _size(told: dict[str, Any]) -> tuple[int, int]:
    return int(facts.first(told, "00480006") or 0), int(facts.first(told, "00480007") or 0)


def positions(slide: Slide) -> dict[int, tuple[int, int]]:
    """Frame (from 0) -> left and top in the total pixel matrix, in pixels from 0 (PS3.3 C.7.6.17.3, C.8.12.6)."""
    told = slide.metadata
    frames = told.get("52009230", {}).get("Value") or []
    placed = [each.get("0048021A", {}).get("Value") for each in frames]
    if frames and all(placed):
        return {n: (_at(value[0], "0048021E"), _at(value[0], "0048021F")) for n, value in enumerate(placed)}
    columns, rows = int(facts.first(told, "00280011") or 1), int(facts.first(told, "00280010") or 1)
    across = max(1, -(-_size(told)[0] // columns))
    return {n: (n % across * columns, n // across * rows) for n in range(slide.frame_count)}


def _at(place: dict[str, Any], tag: str) -> int:
    return int(facts.first(place, tag) or 1) - 1
