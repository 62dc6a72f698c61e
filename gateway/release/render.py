"""Pictures for people: a frame as JPEG or PNG. A JPEG frame passes untouched unless something else is asked for."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, convert_color_space

from gateway.errors import SlidegateError
from gateway.pixels.encodings import JPEG_8, CannotDecode, PixelFacts, decoded
from gateway.release import colour, facts, grey
from gateway.release.presentation import BadPresentation, Colour, Presentation, Viewport, region
from gateway.release.slide import Slide

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
QUALITY = 85
AS_IT_IS = Presentation()
Pixels = NDArray[Any]
_PALETTE = tuple(f"002812{n:02d}" for n in (1, 2, 3)) + tuple(f"002811{n:02d}" for n in (1, 2, 3))


class CannotRender(SlidegateError):
    """Pixels of a kind that is not drawn here; the frame itself can still be had."""

    code = "cannot-render"
    status = 406
    title = "Frames of this kind cannot be drawn; ask for the frame itself"


def untouched(slide: Slide, frame: int, media_type: str, wanted: Presentation = AS_IT_IS) -> bytes | None:
    """A JPEG frame, counted from 0, with its compressed pixels as they are; None if it has to be drawn."""
    if media_type != "image/jpeg" or slide.transfer_syntax != JPEG_BASELINE or wanted.changes_pixels:
        return None
    jpeg, told = slide.frame(frame), slide.metadata
    if colour.known(told) == "MONOCHROME2" and wanted.colour is not Colour.YES:
        return None if grey.header_window(told, frame) else jpeg
    plain = colour.plainly_coloured(jpeg, colour.known(told))
    if plain is None or wanted.colour is Colour.UNSAID or colour.has_profile(jpeg):
        return None if wanted.colour is Colour.NO and colour.has_profile(jpeg) else plain
    return plain if wanted.colour is Colour.NO else colour.with_profile(plain, _own_profile(told))


def drawn(slide: Slide, frame: int, media_type: str, wanted: Presentation = AS_IT_IS) -> bytes:
    """A frame, counted from 0, drawn anew. Raises CannotRender, BadPresentation, UnknownColours."""
    told = slide.metadata
    image = picture(slide, frame, wanted)
    if wanted.viewport:
        image = seen_through(image, wanted.viewport)
    profile = None
    if wanted.colour is Colour.SRGB:
        image, profile = colour.in_srgb(image, colour.profile_of(told)), colour.srgb()
    elif wanted.colour is Colour.YES:
        image, profile = image.convert("RGB"), _own_profile(told)
    return encoded(image, media_type, quality=wanted.quality or QUALITY, profile=profile)


def _own_profile(told: dict[str, Any]) -> bytes:
    return colour.profile_of(told) or colour.srgb()


def encoded(image: Image.Image, media_type: str, *, quality: int = QUALITY, profile: bytes | None = None) -> bytes:
    """A picture as a file, with a colour profile if there is one."""
    target = BytesIO()
    if media_type == "image/png":
        image.save(target, "PNG", icc_profile=profile)
    else:
        image.save(target, "JPEG", quality=quality, icc_profile=profile)
    return target.getvalue()


def seen_through(image: Image.Image, wanted: Viewport) -> Image.Image:
    """The region of a picture that a viewport shows, as large as fits into it, in its own proportions."""
    part = image.crop(region(image.size, wanted))
    if wanted.across < 0:
        part = ImageOps.mirror(part)
    if wanted.down < 0:
        part = ImageOps.flip(part)
    scale = min(wanted.width / part.width, wanted.height / part.height)
    size = (max(1, round(part.width * scale)), max(1, round(part.height * scale)))
    return part.resize(size, Image.Resampling.LANCZOS)


def picture(slide: Slide, frame: int, wanted: Presentation = AS_IT_IS) -> Image.Image:
    """A frame decoded to 8 bits, grey or RGB, through its window if it is grey. Raises CannotRender."""
    told, kind = slide.metadata, colour.known(slide.metadata)
    try:
        pixels = decoded(slide.frame(frame), _pixel_facts(slide))
    except CannotDecode:
        raise CannotRender from None
    if kind.startswith("MONOCHROME"):
        return Image.fromarray(grey.eight_bits(pixels, told, frame, wanted.window))
    if wanted.window:
        raise BadPresentation("A window is for grey pictures only.")
    shown = _rgb(slide, pixels)
    if shown.dtype.kind == "u" and shown.dtype.itemsize > 1:
        shown = (shown >> (int(facts.first(told, "00280101") or shown.dtype.itemsize * 8) - 8)).astype(np.uint8)
    if shown.dtype != np.uint8 or shown.ndim != 3 or shown.shape[2] != 3:
        raise CannotRender
    return Image.fromarray(np.ascontiguousarray(shown))


def _rgb(slide: Slide, pixels: Pixels) -> Pixels:
    """Colours as red, green and blue; codecs undo transforms that are their own (YBR_RCT, YBR_ICT, those of JPEG)."""
    told, kind = slide.metadata, colour.known(slide.metadata)
    if kind == "PALETTE COLOR":
        return _through_palette(told, pixels)
    if kind.startswith("YBR_FULL") and slide.transfer_syntax not in JPEG_8:
        return convert_color_space(pixels, "YBR_FULL", "RGB")
    return pixels


def _through_palette(told: dict[str, Any], pixels: Pixels) -> Pixels:
    palette = Dataset.from_json({tag: told[tag] for tag in _PALETTE if tag in told})
    try:
        shown = apply_color_lut(pixels, palette)
    except (AttributeError, ValueError, TypeError, IndexError):
        raise CannotRender from None
    return shown if shown.dtype == np.uint8 else (shown >> 8).astype(np.uint8)  # whatever the bits of the indices


def _pixel_facts(slide: Slide) -> PixelFacts:
    """How the pixels are described by the released header, which keeps all that they need."""
    told = slide.metadata
    try:
        return PixelFacts(
            slide.transfer_syntax,
            rows=int(facts.first(told, "00280010")),
            columns=int(facts.first(told, "00280011")),
            samples=int(facts.first(told, "00280002") or 1),
            bits_allocated=int(facts.first(told, "00280100")),
            bits_stored=int(facts.first(told, "00280101") or facts.first(told, "00280100")),
            signed=bool(facts.first(told, "00280103")),
            photometric=colour.known(told),
            planar=bool(facts.first(told, "00280006")),
        )
    except (TypeError, ValueError):
        raise CannotRender from None
