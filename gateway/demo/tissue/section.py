"""A section: an organ laid out on its ground, stained, and photographed at 0.5 µm for each pixel."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gateway.demo.tissue import breast, colon, prostate, skin
from gateway.demo.tissue.ground import Ground
from gateway.demo.tissue.noise import Floats, Picture, clouds, resized
from gateway.demo.tissue.nuclei import BODIES, SIDE, stamp, stamps
from gateway.demo.tissue.stains import STAINS, Stain, developed

ORGANS = {"breast": breast.lay_out, "prostate": prostate.lay_out, "colon": colon.lay_out, "skin": skin.lay_out}


def section(seed: int, width: int, height: int, stain: str = "H&E", organ: str = "breast") -> Picture:
    """A picture of a section, shape (height, width, 3)."""
    rng = np.random.default_rng(seed)
    ground = Ground(rng, (-(-height // 2), -(-width // 2)))
    ORGANS[organ](ground)
    full = (ground.shape[0] * 2, ground.shape[1] * 2)
    return _photographed(ground, full, STAINS[stain])[:height, :width]


def _photographed(ground: Ground, full: tuple[int, int], stain: Stain) -> Picture:
    rng = ground.rng
    stain = stain.as_one_laboratory_does(rng)
    uneven = np.float32(0.92) + np.float32(0.16) * ground.clouds(500, 2)
    tissue = resized(ground.tissue, full)
    grain = _grain(rng, full)
    eosin = resized(ground.eosin * uneven, full) * np.float32(stain.eosin) * tissue * grain
    haematoxylin = resized(ground.haematoxylin, full) * np.float32(stain.haematoxylin) * tissue * grain
    if stain.marked:
        haematoxylin += 0.05 * tissue * grain
    dab = np.zeros(full, np.float32) if stain.marked else None
    blue, brown, red, bare = _stamped(ground, full, stain)
    if bare is not None:
        eosin *= 1 - 0.75 * bare
        haematoxylin *= 1 - 0.3 * bare
    eosin *= 1 - 0.35 * np.clip(blue, 0, 1)
    haematoxylin += blue * np.float32(stain.haematoxylin)
    if red is not None:
        eosin += red * np.float32(stain.eosin)
    if dab is not None and brown is not None:
        haematoxylin -= np.minimum(brown, blue) * np.float32(0.4)
        dab += brown * np.float32(0.95) + 0.03 * tissue
    haematoxylin += _dust(rng, full)
    return developed(np.clip(haematoxylin, 0, None), np.clip(eosin, 0, None), dab)


def _stamped(
    ground: Ground, full: tuple[int, int], stain: Stain
) -> tuple[Floats, Floats | None, Floats | None, Floats | None]:
    """Canvases of what is stamped: nuclei, marked nuclei, red cells, and what pushes the dyes away."""
    rng = ground.rng
    room = (full[0] + 2 * SIDE, full[1] + 2 * SIDE)
    canvases: dict[str, Floats] = {"blue": np.zeros(room, np.float32)}
    hot = ground.clouds(420, 2) if stain.marked else None
    for crowd in ground.crowds:
        if not len(crowd.places):
            continue
        bank = stamps(rng, crowd.kind)
        name = {"red cell": "red", "goblet": "bare", "droplet": "bare"}.get(crowd.kind, "blue")
        stamp(rng, crowd, canvases.setdefault(name, np.zeros(room, np.float32)), bank)
        if hot is not None and BODIES[crowd.kind].markable:
            at = (crowd.places / 2).astype(int)
            share = np.clip(stain.marked + 1.6 * (hot[at[:, 0], at[:, 1]] - 0.5), 0.05, 0.97)
            chosen = rng.random(len(at)) < share
            stamp(rng, crowd.only(chosen), canvases.setdefault("brown", np.zeros(room, np.float32)), bank)
    edge = SIDE
    cut = {name: canvas[edge : edge + full[0], edge : edge + full[1]] for name, canvas in canvases.items()}
    return cut["blue"], cut.get("brown"), cut.get("red"), cut.get("bare")


def _grain(rng: np.random.Generator, full: tuple[int, int]) -> Floats:
    """The fine texture of protoplasm, about 1; one piece of it, laid side by side."""
    side = 1024
    piece = 1 + 0.30 * (clouds(rng, (side, side), 3.5, 2) - 0.5) + 0.22 * (clouds(rng, (side, side), 14, 2) - 0.5)
    down, across = -(-full[0] // side), -(-full[1] // side)
    return np.asarray(np.tile(piece, (down, across))[: full[0], : full[1]], np.float32)


def _dust(rng: np.random.Generator, full: tuple[int, int]) -> Floats:
    """The camera's own noise, as a little density."""
    side = 1021
    piece = rng.normal(0, 0.006, (side, side)).astype(np.float32)
    return np.asarray(np.tile(piece, (-(-full[0] // side), -(-full[1] // side)))[: full[0], : full[1]], np.float32)


def halved(picture: Picture, times: int) -> Picture:
    """The picture made smaller by 2 to the power of `times`."""
    image = Image.fromarray(picture)
    size = (max(1, image.width >> times), max(1, image.height >> times))
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.uint8)
