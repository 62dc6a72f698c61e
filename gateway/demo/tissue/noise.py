"""Noise, and what is made of it: clouds, cell walls, fibres, scattered points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Floats = NDArray[np.float32]
Reals = NDArray[np.floating[Any]]  # of arguments: numpy widens freely
Picture = NDArray[np.uint8]
Shape = tuple[int, int]


def resized(values: Floats, shape: Shape) -> Floats:
    """A field at another size, smoothly."""
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR), np.float32)


def noise(rng: np.random.Generator, shape: Shape, cell: float) -> Floats:
    """Smooth noise from 0 to 1, whose features are about `cell` pixels wide."""
    height, width = shape
    small = (max(2, round(height / cell) + 1), max(2, round(width / cell) + 1))
    grid = Image.fromarray(rng.random(small, np.float32))
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def clouds(rng: np.random.Generator, shape: Shape, cell: float, octaves: int = 4) -> Floats:
    """Noise of several sizes on top of each other, from about 0 to 1."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        total += noise(rng, shape, max(1.0, cell / 2**octave)) / 2**octave
    return total / np.float32(2 - 0.5 ** (octaves - 1))


def rounded(mask: Floats, radius: float) -> Floats:
    """A mask whose corners are rounded."""
    image = Image.fromarray(np.clip(mask * 255, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return soft(np.asarray(image, np.float32) / 255, 0.74, 0.3)


def soft(values: Reals, edge: float, width: float) -> Floats:
    """0 below the edge, 1 above it, smooth between."""
    ramp = np.clip((values - edge) / width + 0.5, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def walls(rng: np.random.Generator, shape: Shape, pitch: float) -> Floats:
    """How far each pixel is from the wall between two neighbouring cells of about `pitch` pixels, in pixels."""
    height, width = shape
    offset = rng.random((int(height / pitch) + 4, int(width / pitch) + 4, 2), np.float32) * 0.8
    y = (np.arange(height, dtype=np.float32) / pitch + 1)[:, None]
    x = (np.arange(width, dtype=np.float32) / pitch + 1)[None, :]
    row, column = y.astype(np.int32), x.astype(np.int32)
    nearest, second = np.full(shape, 9.0, np.float32), np.full(shape, 9.0, np.float32)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            there = offset[row + step_y, column + step_x]
            gap_y, gap_x = y - (row + step_y) - there[..., 0], x - (column + step_x) - there[..., 1]
            distance = np.sqrt(gap_y * gap_y + gap_x * gap_x)
            second = np.minimum(second, np.maximum(nearest, distance))
            nearest = np.minimum(nearest, distance)
    return np.asarray((second - nearest) * (pitch / 2), np.float32)


def strands(rng: np.random.Generator, flow: Floats, along: Floats, coarse: float) -> Floats:
    """Fibres that run along the contours of `flow`, from 0 to 1; `coarse` pixels is a strand's width."""
    side = 1024
    texture = np.zeros((side, side), np.float32)
    for lines, weight in ((340, 0.4), (170, 0.35), (64, 0.35)):
        grid = rng.random((lines, lines // 8 + 4), np.float32)
        grid[-1] = grid[0]
        grid[:, -1] = grid[:, 0]
        texture += resized(grid, (side, side)) * weight
    step = 4.0 / coarse
    down, across = flow * np.float32(step), along * np.float32(step * 0.55)
    row, column = np.floor(down).astype(np.int32), np.floor(across).astype(np.int32)
    low, left = down - row, across - column
    row, column = row % side, column % side
    below, right = (row + 1) % side, (column + 1) % side
    upper = texture[row, column] * (1 - left) + texture[row, right] * left
    lower = texture[below, column] * (1 - left) + texture[below, right] * left
    fibres = np.clip((upper + (lower - upper) * low - 0.55) * 1.9 + 0.5, 0, 1)
    return np.asarray(fibres, np.float32)


def thinned(rng: np.random.Generator, points: NDArray[Any], gap: float) -> NDArray[Any]:
    """Those of the points (y, x) that are left when any two nearer than `gap` may not both stay."""
    if len(points) == 0:
        return points
    points = points[rng.permutation(len(points))]
    key = np.floor(points / gap).astype(np.int64) + 1
    size = key.max(axis=0) + 2
    flat = key[:, 0] * size[1] + key[:, 1]
    _, first = np.unique(flat, return_index=True)
    points, flat = points[first], flat[first]
    rank = rng.permutation(len(points))
    slot = np.full(int(size[0] * size[1]), -1, np.int64)
    slot[flat] = np.arange(len(points))
    stays = np.ones(len(points), bool)
    for step in (-size[1] - 1, -size[1], -size[1] + 1, -1, 1, size[1] - 1, size[1], size[1] + 1):
        other = slot[flat + step]
        apart = np.abs(points - points[other])
        near = (apart[:, 0] ** 2 + apart[:, 1] ** 2) < gap * gap
        stays &= ~((other >= 0) & near & (rank[other] < rank))
    return np.asarray(points[stays])


def scattered(rng: np.random.Generator, where: Floats, gap: float) -> NDArray[Any]:
    """Points (y, x) no nearer to each other than `gap`, as likely as `where` says, from 0 to 1."""
    height, width = where.shape
    pitch = gap * 0.6
    grid = np.mgrid[0 : height / pitch, 0 : width / pitch].reshape(2, -1).T
    points = (grid + rng.random(grid.shape)) * pitch
    points = points[(points[:, 0] < height - 1) & (points[:, 1] < width - 1)]
    at = points.astype(np.int32)
    points = points[where[at[:, 0], at[:, 1]] > rng.random(len(points))]
    return thinned(rng, points, gap * 0.92)
