"""Pictures of tissue that never was: stained sections drawn from noise, pleasant at any magnification.

A section is drawn in pixels of level 0, at about 0.5 µm each: glands with a lumen, an epithelium full of nuclei,
a fibrous stroma, fat vacuoles, and glass around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stain:
    """The colours of a staining, RGB from 0 to 255, and how many nuclei are marked."""

    name: str
    stroma: tuple[int, int, int]
    epithelium: tuple[int, int, int]
    nucleus: tuple[int, int, int]
    marked: tuple[int, int, int]
    marked_share: float


HE = Stain("H&E", (233, 156, 190), (205, 122, 178), (84, 52, 128), (62, 38, 112), 0.25)
IHC = Stain("IHC", (232, 226, 228), (214, 209, 220), (112, 128, 172), (120, 70, 34), 0.45)
GLASS = np.array((245, 244, 246), np.float32)


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> Floats:
    """Smooth noise from 0 to 1, whose features are about `cell` pixels wide."""
    height, width = shape
    small = (max(2, round(height / cell) + 1), max(2, round(width / cell) + 1))
    grid = Image.fromarray(rng.random(small, np.float32))
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def clouds(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 4) -> Floats:
    """Noise of several sizes on top of each other, from about 0 to 1."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        total += noise(rng, shape, max(1.0, cell / 2**octave)) / 2**octave
    return total / np.float32(2 - 0.5 ** (octaves - 1))


def cells(rng: np.random.Generator, shape: tuple[int, int], pitch: int) -> tuple[Floats, NDArray[Any]]:
    """For each pixel the distance to the nearest of scattered points, in pitches, and which point that is."""
    height, width = shape
    down, across = height // pitch + 3, width // pitch + 3
    offset_y = rng.random((down, across), np.float32) * 0.9
    offset_x = rng.random((down, across), np.float32) * 0.9
    y, x = np.arange(height, dtype=np.float32) / pitch + 1, np.arange(width, dtype=np.float32) / pitch + 1
    row, column = y.astype(np.int32), x.astype(np.int32)
    nearest = np.full(shape, 9.0, np.float32)
    owner = np.zeros(shape, np.int32)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            there_y, there_x = np.ix_(row + step_y, column + step_x)
            gap_y = y[:, None] - there_y - offset_y[there_y, there_x]
            gap_x = x[None, :] - there_x - offset_x[there_y, there_x]
            distance = gap_y * gap_y + gap_x * gap_x
            closer = distance < nearest
            nearest[closer] = distance[closer]
            np.copyto(owner, there_y * across + there_x, where=closer)
    return np.sqrt(nearest), owner


def _resized(values: Floats, shape: tuple[int, int]) -> Floats:
    image = Image.fromarray(values)
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), np.float32)


def _soft(values: Floats, edge: float, width: float) -> Floats:
    """0 below the edge, 1 above it, smooth between."""
    ramp = np.clip((values - edge) / width + 0.5, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def _mix(below: Floats, colour: Any, share: Floats) -> Floats:
    return np.asarray(below + (np.asarray(colour, np.float32) - below) * share[..., None], np.float32)


def section(seed: int, width: int, height: int, stain: Stain = HE) -> Picture:
    """A picture of a section, shape (height, width, 3)."""
    rng = np.random.default_rng(seed)
    whole, quarter = (height, width), (max(8, height // 4), max(8, width // 4))
    tissue = _resized(_outline(rng, quarter), whole)
    gland, lumen = (_resized(part, whole) for part in _glands(rng, quarter))
    fibres = _resized(_fibres(rng, quarter), whole)
    picture = np.broadcast_to(GLASS, (*whole, 3)).astype(np.float32)
    shade = (clouds(rng, whole, 400, 3) - 0.5) * 0.35
    picture = _mix(picture, stain.stroma, np.clip(tissue * (0.62 + 0.3 * fibres + shade), 0, 1))
    picture = _mix(picture, stain.epithelium, np.clip(tissue * gland * (0.78 + shade), 0, 1))
    picture = _mix(picture, GLASS, lumen * tissue)
    picture = _nuclei(rng, picture, tissue * (1 - lumen), gland, stain)
    picture += rng.normal(0, 2.2, whole).astype(np.float32)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _outline(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    y, x = np.linspace(-1, 1, shape[0], dtype=np.float32), np.linspace(-1, 1, shape[1], dtype=np.float32)
    distance = np.sqrt((y[:, None] / 0.86) ** 2 + (x[None, :] / 0.9) ** 2)
    ragged = clouds(rng, shape, shape[1] / 3, 6)
    holes = _soft(clouds(rng, shape, shape[1] / 8, 3), 0.2, 0.02)
    return _soft(0.94 - distance + (ragged - 0.5) * 0.9, 0.12, 0.025) * holes


def _glands(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """(epithelium, lumen), each from 0 to 1, at a quarter of the size."""
    warp = (clouds(rng, shape, 40, 3) - 0.5) * 0.45
    distance, owner = cells(rng, shape, 58)
    chosen = rng.random(int(owner.max()) + 1) < 0.8
    size = 0.34 + 0.14 * rng.random(int(owner.max()) + 1, np.float32)
    patches = _soft(clouds(rng, shape, shape[1] / 4, 2), 0.4, 0.1)
    inside = chosen[owner] * patches
    epithelium = inside * (1 - _soft(distance + warp - size[owner], 0.0, 0.05))
    lumen = inside * (1 - _soft(distance + warp - size[owner] * 0.42, 0.0, 0.05))
    return np.asarray(epithelium, np.float32), np.asarray(lumen * 0.92, np.float32)


def _fibres(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    bend = clouds(rng, shape, 120, 3) * 90
    stripes = np.sin((y * 0.35 + x * 0.12 + bend) * 0.55) * 0.5 + 0.5
    return np.asarray(0.55 * stripes + 0.45 * clouds(rng, shape, 14, 3), np.float32)


def _nuclei(rng: np.random.Generator, picture: Floats, tissue: Floats, gland: Floats, stain: Stain) -> Floats:
    """Draw nuclei: crowded in the epithelium, sparse and smaller in the stroma."""
    shape = picture.shape[:2]
    texture = noise(rng, shape, 3)
    for pitch, where, radius, share in ((22, gland, 0.36, 0.9), (40, 1 - gland, 0.17, 0.55)):
        distance, owner = cells(rng, shape, pitch)
        count = int(owner.max()) + 1
        there = (rng.random(count) < share).astype(np.float32)
        size = radius * (0.75 + 0.5 * rng.random(count, np.float32))
        marked = rng.random(count) < stain.marked_share
        body = (1 - _soft(distance - size[owner], 0.0, 0.09)) * there[owner] * tissue * _soft(where, 0.5, 0.3)
        colours = np.where(marked[:, None], stain.marked, stain.nucleus).astype(np.float32)
        depth = np.clip(body * (0.72 + 0.3 * texture), 0, 1)
        picture = picture + (colours[owner] - picture) * depth[..., None]
    return np.asarray(picture, np.float32)


def halved(picture: Picture, times: int) -> Picture:
    """The picture made smaller by 2 to the power of `times`."""
    image = Image.fromarray(picture)
    size = (max(1, image.width >> times), max(1, image.height >> times))
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.uint8)
