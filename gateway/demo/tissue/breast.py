"""Breast: lobules and ducts in fibrous stroma, fat, and a tumour that grows in cords and nests."""

from __future__ import annotations

import numpy as np

from gateway.demo.tissue.ground import Ground
from gateway.demo.tissue.noise import Floats, scattered, soft
from gateway.demo.tissue.parts import Lining, fat, glands, infiltrate, outline, spindles, trim, vessels

ACINUS = Lining(thick=11, nuclei="epithelial", gap=6.5, layers=(0.25, 0.75))
DUCT = Lining(thick=17, nuclei="columnar", gap=6.0, layers=(0.2, 0.75), ragged=6)


def lay_out(ground: Ground) -> None:
    """Lay out a piece of breast."""
    rng = ground.rng
    flow = ground.flow(rng.uniform(0, 3), cell=340, bend=1.7)
    ground.stroma(flow, coarse=4.6, eosin=0.36, clefts=0.6)
    fatty = soft(ground.clouds(620, 4), 0.6, 0.007)
    cancer = soft(ground.clouds(560, 3), 0.55, 0.05) * (1 - fatty)
    calm = (1 - fatty) * (1 - cancer)
    lobes = _lobules(ground, calm)
    ducts = scattered(rng, (calm > 0.9).astype(np.float32) * 0.3, 260)
    radii = rng.uniform(26, 62, len(ducts))
    depth = glands(ground, np.hstack([ducts, ducts + rng.normal(0, 40, ducts.shape)]), radii, DUCT, wobble=26)
    free = calm * (np.maximum(depth, lobes) < -5)
    nests = _tumour(ground, cancer)
    spindles(ground, free, flow, share=0.45)
    spindles(ground, cancer * (nests < -3), flow, share=0.6, gap=15)
    infiltrate(ground, (1 - fatty) * (np.maximum(depth, nests) < -4) * (lobes < -4), seats=0.66)
    vessels(ground, free, 14)
    taken = np.maximum(np.maximum(depth, lobes), nests)
    fat(ground, fatty * soft(-taken, 5, 4))
    trim(ground, outline(ground) * min(ground.shape) * 0.5)


def _lobules(ground: Ground, where: Floats) -> Floats:
    """Clusters of small acini in loose, pale stroma."""
    rng = ground.rng
    seats = scattered(rng, (where > 0.9).astype(np.float32) * 0.5, 330)
    around = [seat + rng.normal(0, 62, (rng.integers(16, 34), 2)) for seat in seats] or [np.zeros((0, 2))]
    places = np.vstack(around)
    pale = np.full(ground.shape, 0.0, np.float32)
    y, x = ground.places()
    for seat in seats:
        pale = np.maximum(pale, np.exp(-((y - seat[0]) ** 2 + (x - seat[1]) ** 2) / (2 * 95.0**2)))
    ground.lay(soft(pale, 0.4, 0.3) * 0.75, eosin=0.2, haematoxylin=0.03)
    kept = places[rng.permutation(len(places))]
    return glands(ground, np.hstack([kept, kept + rng.normal(0, 9, kept.shape)]), rng.uniform(11, 21, len(kept)),
                  ACINUS, wobble=9)  # fmt: skip


def _tumour(ground: Ground, where: Floats) -> Floats:
    """Nests and cords without a lumen; gives the depth inside them, in µm."""
    depth = (ground.clouds(64, 3) - 0.52 + 0.12 * (where - 1)) * 150
    depth = np.where(where > 0.3, depth, -50).astype(np.float32)
    nests = soft(depth, 0, 2.5) * where
    ground.lay(nests, eosin=0.24, haematoxylin=0.15)
    ground.tissue += (1 - ground.tissue) * nests
    ground.clear(0.85 * where * np.exp(-(((depth + 2.5) / 1.6) ** 2)) * soft(ground.clouds(70, 2), 0.5, 0.2))
    ground.settle("tumour", (depth > 2.5).astype(np.float32) * (where > 0.3), 9.4)
    return depth
