"""Pictures for people: a frame as JPEG or PNG. A JPEG frame that browsers show rightly passes untouched."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.errors import SlidegateError, Withheld
from gateway.release import facts
from gateway.release.slide import Slide

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG = (JPEG_BASELINE, "1.2.840.10008.1.2.4.51")
JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", *(f"1.2.840.10008.1.2.4.20{n}" for n in (1, 2, 3)))
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
QUALITY = 85
Pixels = NDArray[Any]


class CannotRender(SlidegateError):
    """Pixels of a kind that is not drawn here; the frame itself can still be had."""

    code = "cannot-render"
    status = 406
    title = "Frames of this kind cannot be drawn; ask for the frame itself"


def rendered(slide: Slide, frame: int, media_type: str) -> bytes:
    """A frame, counted from 0, as image/jpeg or image/png. Raises CannotRender, Withheld."""
    photometric = str(facts.first(slide.metadata, "00280004") or "")
    if media_type == "image/jpeg" and slide.transfer_syntax == JPEG_BASELINE and photometric.startswith("YBR"):
        return slide.frame(frame)
    return encoded(picture(slide, frame), media_type)


def encoded(image: Image.Image, media_type: str) -> bytes:
    """A picture as a file."""
    target = BytesIO()
    if media_type == "image/png":
        image.save(target, "PNG")
    else:
        image.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()


def picture(slide: Slide, frame: int) -> Image.Image:
    """A frame decoded to 8 bits, grey or RGB."""
    try:
        pixels = _decoded(slide, slide.frame(frame))
    except (imagecodecs.DelayedImportError, RuntimeError, ValueError):
        raise Withheld("The pixels of this frame cannot be decoded.") from None
    return Image.fromarray(_eight_bits(pixels))


def _decoded(slide: Slide, data: bytes) -> Pixels:
    syntax, told = slide.transfer_syntax, slide.metadata
    photometric = str(facts.first(told, "00280004") or "")
    if syntax in JPEG:
        space = "YCbCr" if photometric.startswith("YBR") else None
        decoded: Pixels = imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace="RGB" if space else None)
    elif syntax in JPEG_LS:
        decoded = imagecodecs.jpegls_decode(data)
    elif syntax in JPEG_2000:
        decoded = imagecodecs.jpeg2k_decode(data)
    elif syntax in NATIVE:
        decoded = _native(told, data)
    else:
        raise CannotRender
    return 255 - decoded if photometric == "MONOCHROME1" and decoded.dtype == np.uint8 else decoded


def _native(told: dict[str, Any], data: bytes) -> Pixels:
    rows, columns = int(facts.first(told, "00280010")), int(facts.first(told, "00280011"))
    samples, bits = int(facts.first(told, "00280002") or 1), int(facts.first(told, "00280100"))
    signed = "i" if facts.first(told, "00280103") else "u"
    flat = np.frombuffer(data, f"<{signed}{bits // 8}")
    if samples == 1:
        return flat[: rows * columns].reshape(rows, columns)
    if facts.first(told, "00280006"):
        return np.moveaxis(flat.reshape(samples, rows, columns), 0, -1)
    return flat[: rows * columns * samples].reshape(rows, columns, samples)


def _eight_bits(pixels: Pixels) -> Pixels:
    if pixels.dtype == np.uint8:
        return pixels
    low, high = float(pixels.min()), float(pixels.max())
    return ((pixels - low) * (255.0 / max(high - low, 1.0))).astype(np.uint8)
