"""Colon: crypts with goblet cells below a surface, muscularis mucosae, submucosa with vessels and fat, muscle."""

from __future__ import annotations

import numpy as np

from gateway.demo.tissue.ground import FAR, Ground
from gateway.demo.tissue.noise import Floats, soft
from gateway.demo.tissue.parts import Lining, fat, glands, infiltrate, spindles, trim, vessels

CRYPT = Lining(thick=23, nuclei="epithelial", gap=6.4, layers=(0.08, 0.34), eosin=0.2, haematoxylin=0.1, ragged=2)
ADENOMA = Lining(thick=25, nuclei="columnar", gap=6.4, layers=(0.08, 0.7), eosin=0.24, haematoxylin=0.2, ragged=4)


def lay_out(ground: Ground) -> None:
    """Lay out a full-thickness piece: mucosa above, muscle below."""
    height, width = ground.shape
    y, x = ground.places()
    surface = height * 0.17 + (ground.clouds(width / 2.5, 3)[:1] - 0.5) * height * 0.22
    below = y - surface + (ground.clouds(120, 2) - 0.5) * 14
    mucosa = float(np.clip(height * 0.34, 120, 520))
    flow = ground.flow(1.5, cell=240, bend=1.8)
    ground.stroma(flow, coarse=4.6, eosin=0.28, clefts=0.85)
    deep = below - mucosa
    band = soft(deep, 0, 6) * (1 - soft(deep, 44, 8))
    wall = soft(deep, height * 0.30, 10)
    grain = y * 1.0 + ground.clouds(420, 2) * 160
    _muscle(ground, np.clip(band + wall, 0, 1), grain)
    lamina = 1 - soft(deep, 0, 6)
    ground.lay(lamina, eosin=0.2 + 0.1 * ground.clouds(12, 2), haematoxylin=0.03)
    ground.tissue += (1 - ground.tissue) * lamina
    crypts = _crypts(ground, surface[0], mucosa)
    loose = (1 - lamina) * (1 - np.clip(band + wall, 0, 1))
    fatty = soft(ground.clouds(330, 3), 0.6, 0.007) * soft(loose, 0.9, 0.1)
    spindles(ground, loose * (1 - fatty), flow, share=0.35)
    ground.settle("lymphocyte", lamina * (crypts < -3) * np.float32(0.55), 10.5)
    spindles(ground, lamina * (crypts < -3), crypts, share=0.35, gap=17)
    infiltrate(ground, loose, seats=0.68)
    vessels(ground, loose * (1 - fatty), 18)
    fat(ground, fatty)
    edge = np.minimum(x - width * 0.04, width * 0.96 - x) + (ground.clouds(200, 4) - 0.5) * 60
    bottom = height * 0.95 - y + (ground.clouds(300, 4) - 0.5) * height * 0.06
    trim(ground, np.asarray(np.minimum(np.minimum(below + 10, edge), bottom), np.float32))


def _muscle(ground: Ground, where: Floats, grain: Floats) -> None:
    """Smooth muscle: dense, pink, its nuclei in line."""
    bundles = 0.5 + 0.5 * np.sin(grain / 9 + ground.clouds(90, 2) * 14)
    ground.lay(where, eosin=0.36 + 0.10 * bundles, haematoxylin=0.03)
    ground.tissue += (1 - ground.tissue) * where
    ground.clear(where * 0.5 * soft(0.10 - bundles, 0, 0.1) * soft(ground.clouds(120, 2), 0.5, 0.2))
    spindles(ground, where, grain, share=0.6, gap=14, kind="muscle")


def _crypts(ground: Ground, surface: Floats, mucosa: float) -> Floats:
    """Crypts side by side, opening to the surface; on one side they are crowded, dark and without goblets."""
    rng = ground.rng
    width = ground.shape[1]
    turn = width * rng.uniform(0.45, 0.75)
    depths = []
    for lining, start, stop, pitch in ((CRYPT, 0.0, turn, 84.0), (ADENOMA, turn, width, 68.0)):
        mouths = np.arange(start + pitch / 2, stop, pitch)
        mouths = np.clip(mouths + rng.normal(0, pitch / 9, len(mouths)), 0, width - 1)
        top = surface[mouths.astype(int)]
        feet = top + mucosa * rng.uniform(0.68, 0.95, len(mouths))
        ends = np.stack([top - 6, mouths, feet, mouths + rng.normal(0, 20, len(mouths))], axis=1)
        radii = rng.uniform(27, 33, len(mouths))
        if len(ends):
            depths.append(glands(ground, ends, radii, lining, wobble=16))
            if lining is CRYPT:
                ring = ((depths[-1] > 8) & (depths[-1] < 18)).astype(np.float32)
                ground.settle("goblet", ring * 0.8, 11.5, around=depths[-1])
    return np.maximum.reduce(depths) if depths else np.full(ground.shape, FAR, np.float32)
