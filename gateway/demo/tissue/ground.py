"""The ground that an organ is laid out on: dyes at 1 µm for each pixel, and crowds of bodies to be stamped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.demo.tissue.noise import Floats, Reals, Shape, clouds, resized, scattered, soft, strands
from gateway.demo.tissue.nuclei import Crowd

FAR = -1000.0


@dataclass
class Ground:
    """What is where, while an organ is laid out. Lengths are in µm; `shape` is rows and columns."""

    rng: np.random.Generator
    shape: Shape
    tissue: Floats = field(init=False)  # 1 where there is tissue, 0 on bare glass
    eosin: Floats = field(init=False)
    haematoxylin: Floats = field(init=False)
    dab: Floats | None = None
    crowds: list[Crowd] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tissue = np.ones(self.shape, np.float32)
        self.eosin = np.full(self.shape, 0.3, np.float32)
        self.haematoxylin = np.zeros(self.shape, np.float32)

    def clouds(self, cell: float, octaves: int = 3) -> Floats:
        """Noise from 0 to 1, made at a quarter of the size where it is coarse enough."""
        small = (max(4, self.shape[0] // 4), max(4, self.shape[1] // 4))
        if cell < 24:
            return clouds(self.rng, self.shape, cell, octaves)
        return resized(clouds(self.rng, small, cell / 4, octaves), self.shape)

    def places(self) -> tuple[Floats, Floats]:
        """(y, x) of each pixel, to be broadcast."""
        height, width = self.shape
        return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]

    def flow(self, direction: float, *, cell: float, bend: float) -> Floats:
        """A slope whose contours are the way fibres run: across `direction`, bent by noise."""
        y, x = self.places()
        straight = y * np.float32(np.sin(direction)) + x * np.float32(np.cos(direction))
        return np.asarray(straight + self.clouds(cell, 3) * cell * bend, np.float32)

    def stroma(self, flow: Floats, *, coarse: float, eosin: float, clefts: float) -> Floats:
        """Fibres along the contours of `flow`, with clefts between their bundles; gives the strands."""
        y, x = self.places()
        fibres = strands(self.rng, flow, x * 0.7 + y * 0.7 + self.clouds(160, 2) * 120, coarse)
        dense = self.clouds(220)
        self.eosin = np.asarray(eosin * (0.62 + 0.42 * fibres + 0.5 * (dense - 0.5)), np.float32)
        self.clear(clefts * soft(0.27 - fibres + 0.35 * (0.5 - dense), 0.0, 0.22))
        return fibres

    def lay(self, mask: Reals, *, eosin: float | Reals, haematoxylin: float | Reals = 0.0) -> None:
        """Cover what is there, where the mask is 1."""
        self.eosin += (eosin - self.eosin) * mask
        self.haematoxylin += (haematoxylin - self.haematoxylin) * mask

    def clear(self, mask: Reals) -> None:
        """Take tissue away: lumens, vacuoles, clefts."""
        self.tissue *= 1 - mask

    def settle(
        self, kind: str, where: Floats, gap: float, *, around: Floats | None = None, turned: float = 0.0
    ) -> NDArray[Any]:
        """Scatter bodies, `gap` µm apart, that point up the slope of `around` or beside it; gives their places."""
        points = scattered(self.rng, where, gap)
        directions = self.rng.uniform(0, np.pi, len(points))
        if around is not None and len(points):
            directions = _uphill(around, points) + turned + self.rng.normal(0, 0.16, len(points))
        self.crowds.append(Crowd(kind, points * 2, directions))
        return points


def _uphill(slope: Floats, points: NDArray[Any]) -> NDArray[Any]:
    height, width = slope.shape
    y, x = points[:, 0].astype(int), points[:, 1].astype(int)
    below, above = np.minimum(y + 3, height - 1), np.maximum(y - 3, 0)
    right, left = np.minimum(x + 3, width - 1), np.maximum(x - 3, 0)
    return np.asarray(np.arctan2(slope[below, x] - slope[above, x], slope[y, right] - slope[y, left]))


def capsules(shape: Shape, ends: NDArray[Any], radii: NDArray[Any]) -> Floats:
    """Depth inside the nearest of many capsules: positive inside, FAR away from all.

    `ends` has one row (y, x, y, x) for each capsule; a round one begins where it ends.
    """
    depth = np.full(shape, FAR, np.float32)
    for (y0, x0, y1, x1), radius in zip(ends.tolist(), radii.tolist(), strict=True):
        reach = radius * 1.8 + 12
        top, bottom = max(0, int(min(y0, y1) - reach)), min(shape[0], int(max(y0, y1) + reach))
        left, right = max(0, int(min(x0, x1) - reach)), min(shape[1], int(max(x0, x1) + reach))
        if top >= bottom or left >= right:
            continue
        y = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y0)
        x = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x0)
        run_y, run_x = y1 - y0, x1 - x0
        share = np.clip((y * run_y + x * run_x) / max(run_y**2 + run_x**2, 1e-6), 0, 1)
        distance = np.hypot(y - share * run_y, x - share * run_x)
        here = depth[top:bottom, left:right]
        np.maximum(here, np.float32(radius) - distance, out=here)
    return depth
