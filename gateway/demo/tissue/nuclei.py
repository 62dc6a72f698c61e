"""Nuclei and other small bodies: each drawn once in many sizes and directions, then stamped where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.demo.tissue.noise import Floats, noise

SIDE = 41  # pixels of a stamp
DIRECTIONS, VARIANTS = 16, 8


@dataclass(frozen=True, slots=True)
class Body:
    """A kind of body: half its length and width in pixels of level 0, how dark, and what is seen in it."""

    length: float
    width: float
    dark: float
    rim: float = 0.2
    mottled: float = 0.35
    nucleoli: int = 0
    spread: float = 0.12
    markable: bool = False


BODIES = {
    "epithelial": Body(8.4, 6.0, 0.54, rim=0.24, mottled=0.4, nucleoli=1, markable=True),
    "columnar": Body(11.0, 4.6, 0.6, mottled=0.35, markable=True),
    "basal": Body(8.5, 5.0, 0.85, rim=0.1, mottled=0.25, markable=True),
    "squamous": Body(8.2, 6.2, 0.50, rim=0.25, mottled=0.3, nucleoli=1),
    "tumour": Body(10.8, 8.4, 0.44, rim=0.34, mottled=0.6, nucleoli=2, spread=0.22, markable=True),
    "lymphocyte": Body(5.6, 5.2, 1.0, rim=0.1, mottled=0.4, spread=0.08),
    "fibroblast": Body(12.5, 2.5, 0.72, mottled=0.2, spread=0.25),
    "muscle": Body(14.0, 2.9, 0.62, mottled=0.2, spread=0.15),
    "fat": Body(9.0, 2.2, 0.75, mottled=0.1),
    "red cell": Body(6.4, 5.8, 0.42, rim=0.16, mottled=0.05, spread=0.06),
    "goblet": Body(14.5, 10.5, 1.0, rim=0.0, mottled=0.06, spread=0.15),
    "droplet": Body(6.5, 6.0, 0.8, rim=0.0, mottled=0.05, spread=0.3),
}


@dataclass(frozen=True, slots=True)
class Crowd:
    """Bodies of one kind: their places (y, x) in pixels of level 0, and the directions they point in."""

    kind: str
    places: NDArray[Any]
    directions: NDArray[Any]

    def only(self, chosen: NDArray[np.bool_]) -> Crowd:
        """Those of them that are chosen."""
        return Crowd(self.kind, self.places[chosen], self.directions[chosen])


def _drawn(rng: np.random.Generator, body: Body, direction: float) -> Floats:
    """One body on a stamp: how much dye it takes up."""
    length, width = np.array((body.length, body.width)) * (1 + body.spread * rng.uniform(-1, 1, 2))
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) - (SIDE - 1) / 2 - rng.uniform(-0.5, 0.5)
    lengthwise = x * np.cos(direction) + y * np.sin(direction)
    sideways = y * np.cos(direction) - x * np.sin(direction)
    sideways += lengthwise**2 * rng.uniform(-1, 1) * 0.12 / length
    lumpy = 1 + (noise(rng, (SIDE, SIDE), 9) - 0.5) * (0.25 + body.spread)
    radius = np.sqrt((lengthwise / length) ** 2 + (sideways / width) ** 2) * lumpy
    shape = np.clip((1 - radius) * min(length, width) / 1.6 + 0.5, 0, 1)
    inside = body.dark * (1 + 0.18 * rng.uniform(-1, 1))
    inside += body.rim * np.exp(-(((radius - 0.86) / 0.16) ** 2))
    inside = inside * (1 + body.mottled * (noise(rng, (SIDE, SIDE), 3.2) - 0.5) * 1.5)
    for _each in range(rng.integers(0, body.nucleoli + 1)):
        at = rng.uniform(-0.45, 0.45, 2) * (length, width)
        spot = ((lengthwise - at[0]) ** 2 + (sideways - at[1]) ** 2) / 1.7**2
        inside = inside + 0.5 * np.exp(-spot)
    return np.asarray(np.clip(inside, 0, 1.5) * shape, np.float32)


def stamps(rng: np.random.Generator, kind: str) -> list[Floats]:
    """All stamps of a kind: for each direction, in turn, its variants."""
    return [
        _drawn(rng, BODIES[kind], np.pi * direction / DIRECTIONS)
        for direction in range(DIRECTIONS)
        for _variant in range(VARIANTS)
    ]


def stamp(rng: np.random.Generator, crowd: Crowd, canvas: Floats, bank: list[Floats]) -> None:
    """Press each body of a crowd on the canvas, the darker of two where they overlap. Its margin is SIDE."""
    choice = np.rint(crowd.directions / np.pi * DIRECTIONS).astype(int) % DIRECTIONS * VARIANTS
    choice += rng.integers(0, VARIANTS, len(choice))
    corner = np.rint(crowd.places).astype(int) + SIDE // 2
    for (y, x), which in zip(corner.tolist(), choice.tolist(), strict=True):
        here = canvas[y : y + SIDE, x : x + SIDE]
        np.maximum(here, bank[which], out=here)
