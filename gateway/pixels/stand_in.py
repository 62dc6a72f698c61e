"""A label of our own in the place of the archive's: the same size and encoding, and on it nothing but a pseudonym."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gateway.pixels.encodings import PixelFacts, Pixels
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.redact.frames import written

PAPER, INK, FAINT = 250, 20, 120
LARGEST_SIDE = 8192  # pixels


def label(pseudonym: str, facts: PixelFacts) -> bytes:
    """One encoded frame. Raises CannotRedact where it could not be encoded as the header says."""
    if facts.bits_allocated != 8 or facts.samples not in (1, 3) or max(facts.rows, facts.columns) > LARGEST_SIDE:
        raise CannotRedact
    return written(_drawn(pseudonym, facts), facts)


def _drawn(pseudonym: str, facts: PixelFacts) -> Pixels:
    image = Image.new("L", (facts.columns, facts.rows), PAPER)
    draw, edge = ImageDraw.Draw(image), max(2, min(image.size) // 40)
    frame = (edge, edge, image.width - edge - 1, image.height - edge - 1)
    draw.rectangle(frame, outline=FAINT, width=max(1, edge // 4))
    lines = (("Patient", 0.14, FAINT, 12), (pseudonym, 0.36, INK, 5), ("label replaced", 0.72, FAINT, 14))
    for text, top, ink, share in lines:
        size, room = image.height // share, image.width * 0.86
        wide = draw.textlength(text, font=ImageFont.load_default(max(8, size)))
        font = ImageFont.load_default(max(8, int(size * min(1.0, room / wide))))
        draw.text((image.width * 0.07, image.height * top), text, fill=ink, font=font)
    grey = np.asarray(image, np.uint8)
    return grey if facts.samples == 1 else np.repeat(grey[..., None], 3, axis=2)
