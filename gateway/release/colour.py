"""Colours as the scanner meant them: the ICC profile of a slide, carried along or carried out (PS3.3 C.11.15)."""

from __future__ import annotations

from base64 import b64decode
from functools import cache, lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from gateway.errors import SlidegateError
from gateway.release import facts

OPTICAL_PATHS, ICC_PROFILE = "00480105", "00282000"
NAME = b"ICC_PROFILE\0"
ALIKE = 3  # of 255, in any channel
MOST = 65_519  # bytes of a profile in one APP2 segment (ICC.1:2022 B.4)
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"  # APP14: three components, not transformed


class UnknownColours(SlidegateError):
    """A profile that cannot be applied; the frame can still be had as it is."""

    code = "unknown-colours"
    status = 406
    title = "The colour profile of this slide cannot be applied; ask for the picture without it"


def profile_of(told: dict[str, Any]) -> bytes | None:
    """The profile of an instance: of its first optical path, or its own."""
    paths = told.get(OPTICAL_PATHS, {}).get("Value") or []
    for item in (*paths[:1], told):
        encoded = item.get(ICC_PROFILE, {}).get("InlineBinary")
        if encoded:
            return b64decode(encoded)
    return None


@cache
def srgb() -> bytes:
    """The profile of sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB; one without a profile is taken to be in it already. Raises UnknownColours."""
    if profile is None or image.mode != "RGB":
        return image.convert("RGB")
    try:
        made = ImageCms.applyTransform(image, _to_srgb(profile))
    except (ImageCms.PyCMSError, OSError, ValueError):
        raise UnknownColours from None
    if made is None:
        raise UnknownColours
    return made


@lru_cache(maxsize=16)
def _to_srgb(profile: bytes) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    target = ImageCms.ImageCmsProfile(BytesIO(srgb()))
    return ImageCms.buildTransform(source, target, "RGB", "RGB", ImageCms.Intent.PERCEPTUAL)


@lru_cache(maxsize=64)
def is_srgb(profile: bytes) -> bool:
    """Whether a profile's colours look the same without it; also if it cannot be applied."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    try:
        made = np.asarray(in_srgb(Image.fromarray(colours), profile))
    except UnknownColours:
        return True
    return bool(np.abs(made.astype(int) - colours).max() <= ALIKE)


def with_profile(jpeg: bytes, profile: bytes) -> bytes:
    """The JPEG with a profile put in behind its JFIF header; what is compressed stays as it is."""
    at = 2
    if jpeg[2:4] == b"\xff\xe0":
        at += 2 + int.from_bytes(jpeg[4:6], "big")
    pieces = [profile[start : start + MOST] for start in range(0, len(profile), MOST)]
    segments = [
        b"\xff\xe2" + (len(piece) + 16).to_bytes(2, "big") + NAME + bytes((number, len(pieces))) + piece
        for number, piece in enumerate(pieces, 1)
    ]
    return b"".join((jpeg[:at], *segments, jpeg[at:]))


def has_profile(jpeg: bytes) -> bool:
    """Whether a JPEG brings a profile along."""
    return NAME in jpeg[: jpeg.find(b"\xff\xda")]


def plainly_coloured(jpeg: bytes, photometric: str) -> bytes | None:
    """The JPEG such that every reader takes its components for what they are; None if it has to be drawn anew.

    RGB that does not say so is taken for YCbCr; an APP14 segment says it (ITU-T T.872 6.5.3).
    """
    if photometric.startswith("YBR"):
        return jpeg
    if photometric != "RGB":
        return None
    head = jpeg[: jpeg.find(b"\xff\xda")]
    if b"\xff\xee\x00\x0eAdobe" in head:
        return jpeg
    return None if b"JFIF\0" in head else jpeg[:2] + ADOBE_RGB + jpeg[2:]


def known(told: dict[str, Any]) -> str:
    """PhotometricInterpretation, empty if the header has none."""
    return str(facts.first(told, "00280004") or "")
