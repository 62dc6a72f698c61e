"""Skin: keratin, epidermis with its ridges, dermis of coarse collagen, hair follicles, glands, and fat below."""

from __future__ import annotations

import numpy as np

from gateway.demo.tissue.ground import Ground, capsules
from gateway.demo.tissue.noise import Floats, scattered, soft
from gateway.demo.tissue.parts import Lining, fat, glands, infiltrate, spindles, trim, vessels

SWEAT = Lining(thick=10, nuclei="epithelial", gap=6.6, layers=(0.25, 0.8), eosin=0.28, haematoxylin=0.14)


def lay_out(ground: Ground) -> None:
    """Lay out an excision: surface above, fat below."""
    height, width = ground.shape
    y, x = ground.places()
    surface = height * 0.16 + (ground.clouds(width / 2.0, 3)[:1] - 0.5) * height * 0.16
    depth = np.asarray(y - surface + (ground.clouds(90, 2) - 0.5) * 10, np.float32)
    flow = ground.flow(1.35, cell=300, bend=1.5)
    ground.stroma(flow, coarse=5.6, eosin=0.40, clefts=0.8)
    papillary = soft(-depth, -150, 60)
    ground.lay(papillary * 0.6, eosin=0.3)
    ground.tissue += (1 - ground.tissue) * papillary * 0.7
    fatty = soft(depth - height * 0.60 + (ground.clouds(260, 3) - 0.5) * 220, 0, 5)
    follicles = _follicles(ground, surface[0])
    coils = scattered(ground.rng, ((depth > height * 0.36) & (depth < height * 0.55)).astype(np.float32) * 0.4, 260)
    places = np.vstack([seat + ground.rng.normal(0, 34, (12, 2)) for seat in coils] or [np.zeros((0, 2))])
    sweat = glands(ground, np.hstack([places, places + ground.rng.normal(0, 14, places.shape)]),
                   ground.rng.uniform(13, 18, len(places)), SWEAT, wobble=7)  # fmt: skip
    taken = np.maximum(follicles, sweat)
    nests = _naevus(ground, depth)
    free = (np.maximum(taken, nests) < -4) * (1 - fatty) * (depth > 60)
    spindles(ground, np.asarray(free, np.float32), flow, share=0.32, gap=20)
    infiltrate(ground, np.asarray(free * papillary, np.float32), seats=0.6)
    vessels(ground, np.asarray(free, np.float32), 14)
    fat(ground, np.asarray(fatty * (taken < -6), np.float32))
    _epidermis(ground, depth)
    edge = np.minimum(x - width * 0.05, width * 0.95 - x) + (ground.clouds(220, 4) - 0.5) * 70
    bottom = height * 0.95 - y + (ground.clouds(300, 4) - 0.5) * height * 0.08
    trim(ground, np.asarray(np.minimum(np.minimum(depth + 26, edge), bottom), np.float32))


def _epidermis(ground: Ground, depth: Floats) -> None:
    """Layers from the surface down: keratin flakes, a granular line, prickle cells, a palisade of basal cells."""
    ridges = ground.clouds(52, 2)[ground.shape[0] // 2][None, :] * 0.75 + ground.clouds(46, 2) * 0.25
    floor = 44 + 95 * soft(ridges, 0.52, 0.35)
    above = np.asarray(floor - depth, np.float32)  # above the basement membrane, µm
    living = soft(above, 0, 2.0) * soft(depth, 0, 3)
    ground.lay(living, eosin=0.33 - 0.001 * above, haematoxylin=0.2)
    ground.tissue += (1 - ground.tissue) * living
    ground.lay(soft(depth, 0, 3) * (1 - soft(depth, 9, 5)), eosin=0.36, haematoxylin=0.36)
    flakes = 0.5 + 0.5 * np.sin(depth * 0.55 + ground.clouds(120, 3) * 30)
    horn = (1 - soft(depth, 0, 2)) * soft(depth, -26, 4)
    ground.lay(horn, eosin=0.26 + 0.24 * flakes, haematoxylin=0.0)
    ground.tissue += (1 - ground.tissue) * horn
    ground.clear(horn * 0.85 * soft(0.4 - flakes, 0, 0.3))
    for number, crowd in enumerate(ground.crowds):
        at = (crowd.places / 2).astype(int)
        kept = above[at[:, 0], at[:, 1]] < -3
        ground.crowds[number] = crowd.only(kept)
    ground.settle("basal", ((above > 2) & (above < 9) & (depth > 4)).astype(np.float32), 5.6, around=above)
    ground.settle("squamous", ((above > 12) & (depth > 12)).astype(np.float32), 11.5, around=above, turned=np.pi / 2)


def _follicles(ground: Ground, surface: Floats) -> Floats:
    """Hair follicles that slant down from the surface, with sebaceous glands beside them."""
    rng = ground.rng
    height, width = ground.shape
    mouths = np.arange(width * 0.14, width * 0.9, max(300.0, width / 3.4)) + rng.normal(0, 60)
    mouths = np.clip(mouths, 0, width - 1)
    top = surface[mouths.astype(int)]
    slant = rng.uniform(-0.25, 0.25) + rng.normal(0, 0.06, len(mouths))
    feet = top + height * rng.uniform(0.22, 0.5, len(mouths))
    ends = np.stack([top, mouths, feet, mouths + (feet - top) * slant], axis=1)
    depth = capsules(ground.shape, ends, rng.uniform(36, 48, len(mouths))) + (ground.clouds(80, 2) - 0.5) * 34
    sheath = soft(depth, 0, 2)
    ground.lay(sheath, eosin=0.26, haematoxylin=0.2)
    ground.tissue += (1 - ground.tissue) * sheath
    ground.lay(soft(depth, 24, 4), eosin=0.42, haematoxylin=0.04)
    ground.clear(0.9 * np.exp(-(((depth - 25) / 2.0) ** 2)))
    ground.settle("basal", ((depth > 1.5) & (depth < 8)).astype(np.float32), 6, around=depth)
    ground.settle("squamous", ((depth > 9) & (depth < 22)).astype(np.float32), 9.5)
    return np.maximum(depth, _sebaceous(ground, ends))


def _sebaceous(ground: Ground, ends: Floats) -> Floats:
    """Lobes of pale, foamy cells."""
    rng = ground.rng
    middle = ends[:, :2] * 0.55 + ends[:, 2:] * 0.45
    lobes = np.vstack([middle + rng.normal(0, 22, middle.shape) + (0, side * 82) for side in (-1, 1, 1)])
    depth = capsules(ground.shape, np.hstack([lobes, lobes + rng.normal(0, 20, lobes.shape)]),
                     rng.uniform(34, 50, len(lobes))) + (ground.clouds(50, 2) - 0.5) * 18  # fmt: skip
    lobe = soft(depth, 0, 2)
    ground.lay(lobe, eosin=0.19, haematoxylin=0.07)
    ground.tissue += (1 - ground.tissue) * lobe
    ground.settle("basal", ((depth > 1) & (depth < 6)).astype(np.float32), 8, around=depth, turned=np.pi / 2)
    ground.settle("epithelial", (depth > 10).astype(np.float32), 19)
    ground.settle("droplet", (depth > 6).astype(np.float32), 6.6)
    return np.asarray(depth, np.float32)


def _naevus(ground: Ground, depth: Floats) -> Floats:
    """Nests of naevus cells in the upper dermis, at one side."""
    _y, x = ground.places()
    height, width = ground.shape
    seat = width * ground.rng.uniform(0.3, 0.7)
    near = 1 - np.hypot((x - seat) / (width * 0.24), (depth - height * 0.16) / (height * 0.2))
    inside = (ground.clouds(58, 3) - 0.5 + 0.30 * np.minimum(near, 0.35)) * 120
    inside = np.where(near > 0, inside, -50).astype(np.float32)
    nest = soft(inside, 0, 3)
    ground.lay(nest, eosin=0.24, haematoxylin=0.1)
    ground.tissue += (1 - ground.tissue) * nest
    ground.settle("tumour", (inside > 2).astype(np.float32), 9.8)
    return inside
