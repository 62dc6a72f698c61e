"""Parts that several organs have: glands, fat, vessels, infiltrates, and the ragged edge of a section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.demo.tissue.ground import Ground, capsules
from gateway.demo.tissue.noise import Floats, resized, rounded, scattered, soft, walls


@dataclass(frozen=True, slots=True)
class Lining:
    """The epithelium of a gland: how thick (µm), which nuclei, how near to each other, and how it takes the dyes."""

    thick: float
    nuclei: str
    gap: float
    layers: tuple[float, float] = (0.2, 0.6)  # where nuclei lie, as shares of the thickness from outside
    eosin: float = 0.26
    haematoxylin: float = 0.17
    ragged: float = 0.0  # how far the lumen folds into the epithelium, µm


def glands(ground: Ground, ends: NDArray[Any], radii: NDArray[Any], lining: Lining, *, wobble: float) -> Floats:
    """Draw glands with a lumen; gives the depth below their outer border."""
    depth = capsules(ground.shape, ends, radii)
    depth = depth + (ground.clouds(44, 2) - 0.5) * wobble + (ground.clouds(14, 2) - 0.5) * wobble * 0.3
    border = soft(depth, 0, 2.0)
    ground.eosin *= 1 - 0.4 * np.exp(-(((depth + 3) / 4) ** 2))
    ground.tissue += (1 - ground.tissue) * border
    ground.lay(border, eosin=lining.eosin, haematoxylin=lining.haematoxylin)
    inner = lining.thick + (ground.clouds(18, 2) - 0.5) * 2 * (lining.ragged + 1.5)
    open_ = soft(depth - inner, 0, 2.5)
    secretion = soft(ground.clouds(240, 2), 0.6, 0.1) * 0.35
    ground.lay(open_, eosin=0.18, haematoxylin=0.0)
    ground.clear(open_ * (0.97 - secretion))
    low, high = (share * lining.thick for share in lining.layers)
    ring = ((depth > low) & (depth < np.minimum(high, inner - 1))).astype(np.float32)
    ground.settle(lining.nuclei, ring, lining.gap, around=depth)
    return np.asarray(depth, np.float32)


def fat(ground: Ground, where: Floats, cell: float = 62) -> None:
    """Adipocytes: clear cells with thin walls."""
    small = (max(8, ground.shape[0] // 2), max(8, ground.shape[1] // 2))
    wall = walls(ground.rng, small, cell / 2) * 2
    vacuole = resized(rounded((wall > 1.8).astype(np.float32), 1.7), ground.shape)
    wall = resized(wall, ground.shape)
    ground.lay(where, eosin=0.3, haematoxylin=0.02)
    ground.tissue += (1 - ground.tissue) * where
    ground.clear(where * vacuole * 0.985)
    ground.settle("fat", ((where > 0.6) & (wall < 1.6)) * np.float32(0.12), 16, around=wall, turned=np.pi / 2)


def vessels(ground: Ground, where: Floats, count: int) -> None:
    """Small arteries and veins with red cells in them."""
    points = scattered(ground.rng, (where > 0.7).astype(np.float32), 120)[:count]
    bend = ground.rng.normal(0, 22, points.shape)
    radii = ground.rng.uniform(11, 26, len(points))
    depth = capsules(ground.shape, np.hstack([points, points + bend]), radii)
    depth = depth + (ground.clouds(40, 2) - 0.5) * 8
    ground.lay(soft(depth, -4, 6), eosin=0.36, haematoxylin=0.03)
    lumen = soft(depth, 3.5, 1.6)
    ground.clear(lumen * 0.97)
    ground.settle("fibroblast", ((depth > 1.0) & (depth < 3.4)).astype(np.float32), 9, around=depth, turned=np.pi / 2)
    ground.settle("red cell", (depth > 6).astype(np.float32) * 0.5, 6.5)


def infiltrate(ground: Ground, where: Floats, *, seats: float = 0.62) -> None:
    """Lymphocytes: crowds here and there, a few everywhere."""
    crowded = soft(ground.clouds(130), seats, 0.08)
    ground.settle("lymphocyte", where * np.clip(crowded * 0.8 + 0.012, 0, 1), 7.6)


def spindles(
    ground: Ground, where: Floats, flow: Floats, *, share: float = 0.5, gap: float = 19, kind: str = "fibroblast"
) -> None:
    """The nuclei of stroma, lying along its fibres."""
    ground.settle(kind, where * share, gap, around=flow, turned=np.pi / 2)


def outline(ground: Ground, margin: float = 0.9) -> Floats:
    """One round piece of tissue with a ragged edge: positive inside, in shares of the half height."""
    y, x = ground.places()
    height, width = ground.shape
    down, across = np.abs(y / height - 0.5) * 2 / margin, np.abs(x / width - 0.5) * 2 / margin
    round_ = (down**2.6 + across**2.6) ** (1 / 2.6)
    wide = ground.clouds(min(height, width) / 2.2, 5)
    return np.asarray(0.90 - round_ + (wide - 0.5) * 0.62, np.float32)


def trim(ground: Ground, inside: Floats) -> None:
    """Cut the section to its outline: no tissue outside, a darker edge where dye gathers, a few tears."""
    fray = (ground.clouds(30, 3) - 0.5) * 26
    depth = inside + fray
    ground.eosin *= 1 + 0.35 * np.exp(-np.clip(depth, 0, None) / 9)
    ground.tissue *= soft(depth, 0, 2.5)
    for number, crowd in enumerate(ground.crowds):
        at = (crowd.places / 2).astype(int)
        held = (ground.tissue[at[:, 0], at[:, 1]] > 0.5) | (crowd.kind == "red cell")
        ground.crowds[number] = crowd.only(held & (depth[at[:, 0], at[:, 1]] > 2))
