"""Decoded pixels as people would see them: 8 bits, grey or red, green and blue."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.pixels.encodings import PixelFacts

Picture = NDArray[np.uint8]


def shown(pixels: NDArray[Any], facts: PixelFacts) -> Picture:
    """A decoded frame, the whole range of its values stretched, or through its palette."""
    if facts.palette is not None:
        return np.asarray(facts.palette[np.minimum(pixels, len(facts.palette) - 1)])
    if pixels.dtype == np.uint8:
        picture = pixels
    else:
        values = pixels.astype(np.float32)
        low, high = np.percentile(values, (0.5, 99.9))
        picture = (255 * np.clip((values - low) / max(float(high - low), 1.0), 0, 1)).astype(np.uint8)
    if facts.photometric == "MONOCHROME1":
        picture = 255 - picture
    native = picture.ndim == 3 and facts.photometric.startswith("YBR_FULL") and ".1.2.4." not in facts.transfer_syntax
    return np.ascontiguousarray(picture[..., 0] if native else picture)  # of luminance and chrominance, luminance


def looks(pixels: NDArray[Any], facts: PixelFacts) -> list[Picture]:
    """All that is looked at of a frame. Of more than 8 bits of grey also each value as its rank among all: text that
    hardly differs from its ground over the whole range is plain in a narrow window, and so it is in this."""
    seen = [shown(pixels, facts)]
    if pixels.dtype != np.uint8 and pixels.ndim == 2:
        _values, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
        ranks = 255 * (np.cumsum(counts) - counts / 2) / pixels.size
        seen.append(ranks[places].reshape(pixels.shape).astype(np.uint8))
    return seen
