"""Prostate: needle cores with branching glands in muscular stroma, and a field of small crowded glands."""

from __future__ import annotations

import numpy as np

from gateway.demo.tissue.ground import Ground
from gateway.demo.tissue.noise import Floats, scattered, soft
from gateway.demo.tissue.parts import Lining, glands, infiltrate, spindles, trim, vessels

BENIGN = Lining(thick=19, nuclei="columnar", gap=6.3, layers=(0.12, 0.5), eosin=0.2, haematoxylin=0.11, ragged=12)
CROWDED = Lining(thick=12.5, nuclei="tumour", gap=8.0, layers=(0.2, 0.65), eosin=0.25, haematoxylin=0.2, ragged=2)


def lay_out(ground: Ground) -> None:
    """Lay out three cores, one above the other."""
    rng = ground.rng
    flow = ground.flow(1.4, cell=260, bend=1.6)
    ground.stroma(flow, coarse=3.8, eosin=0.40, clefts=0.22)
    inside = _cores(ground)
    cancer = soft(ground.clouds(480, 2), 0.56, 0.03)
    seats = scattered(rng, ((cancer < 0.3) & (inside > 5)).astype(np.float32), 92)
    arms = np.hstack([seats, seats + rng.normal(0, 34, seats.shape)])
    benign = glands(ground, arms, rng.uniform(24, 46, len(seats)), BENIGN, wobble=34)
    small = scattered(rng, ((cancer > 0.6) & (inside > 2) & (benign < -25)).astype(np.float32), 35)
    crowded = glands(ground, np.hstack([small, small + rng.normal(0, 6, small.shape)]),
                     rng.uniform(12, 19, len(small)), CROWDED, wobble=10)  # fmt: skip
    free = (np.maximum(benign, crowded) < -4).astype(np.float32)
    spindles(ground, free, flow, share=0.55, gap=15, kind="muscle")
    infiltrate(ground, free, seats=0.7)
    vessels(ground, free, 8)
    trim(ground, inside)


def _cores(ground: Ground) -> Floats:
    """Depth inside three strips that lie side by side, in µm; negative outside."""
    y, x = ground.places()
    height, width = ground.shape
    half = height * 0.118
    depth = np.full(ground.shape, -900, np.float32)
    for number in range(3):
        phase, start, stop = ground.rng.uniform(0, 6.3), ground.rng.uniform(0.02, 0.1), ground.rng.uniform(0.9, 0.98)
        middle = height * (0.18 + 0.32 * number) + np.sin(x / width * 3.2 + phase) * height * 0.035
        across = half - np.abs(y - middle)
        ends = np.minimum(x - start * width, stop * width - x)
        depth = np.maximum(depth, np.minimum(across, ends))
    return np.asarray(depth + (ground.clouds(150, 4) - 0.5) * half * 0.7, np.float32)
