"""Stains as microscopists know them: light that passes through dyes, by Beer and Lambert's law."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gateway.demo.tissue.noise import Floats, Picture

GLASS = (0.964, 0.960, 0.968)  # what bare glass lets through, RGB
HAEMATOXYLIN = (0.62, 0.70, 0.33)  # optical density of one unit of dye, RGB
EOSIN = (0.095, 0.70, 0.30)
DAB = (0.30, 0.56, 0.82)


@dataclass(frozen=True, slots=True)
class Stain:
    """A staining: how much of each dye is taken up, and what share of the nuclei is marked brown."""

    name: str
    haematoxylin: float
    eosin: float
    marked: float = 0.0

    def as_one_laboratory_does(self, rng: np.random.Generator) -> Stain:
        """A little stronger or weaker: no two laboratories stain alike."""
        haematoxylin, eosin = rng.uniform(0.86, 1.1), rng.uniform(0.8, 1.06)
        return replace(self, haematoxylin=self.haematoxylin * haematoxylin, eosin=self.eosin * eosin)


STAINS = {"H&E": Stain("H&E", 1.0, 1.0), "IHC": Stain("IHC", 0.62, 0.06, 0.7)}


def developed(haematoxylin: Floats, eosin: Floats, dab: Floats | None) -> Picture:
    """The picture of a section, from the amounts of dye at each pixel."""
    height, width = eosin.shape
    picture = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, 512):
        rows = slice(top, top + 512)
        for channel in range(3):
            density = haematoxylin[rows] * np.float32(HAEMATOXYLIN[channel])
            density += eosin[rows] * np.float32(EOSIN[channel])
            if dab is not None:
                density += dab[rows] * np.float32(DAB[channel])
            light = np.exp(density * np.float32(-2.302585)) * np.float32(255 * GLASS[channel])
            picture[rows, :, channel] = np.clip(light, 0, 255)
    return picture
