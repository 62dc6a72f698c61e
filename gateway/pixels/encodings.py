"""Frames decoded to arrays and back: which transfer syntaxes can be, and which without any loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from gateway.errors import Withheld

Pixels = NDArray[Any]
Function = Callable[..., Any]

JPEG_8 = frozenset(("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"))
NATIVE_LITTLE = frozenset(("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"))
NATIVE_BIG = "1.2.840.10008.1.2.2"
WITHHOLD, WITHOUT_LOSS = IRREVERSIBLE = "withhold", "without-loss"  # what a policy says of frames that lost something


class CannotDecode(Withheld):
    """Pixels that nobody here can look at are not released."""

    code = "cannot-decode"
    title = "the pixels cannot be decoded, so nobody can say what is in them and the instance is withheld"


@dataclass(frozen=True, slots=True)
class PixelFacts:
    """How pixels are described by the header (PS3.3 C.7.6.3). Rows and columns in pixels.

    `palette` has a row of red, green and blue for each index of a PALETTE COLOR image. `irreversible` is what the
    policy says of frames that may have lost something when they were encoded: withheld if something has to be taken
    out of them, or written again without any further loss.
    """

    transfer_syntax: str
    rows: int
    columns: int
    samples: int = 1
    bits_allocated: int = 8
    bits_stored: int = 8
    signed: bool = False
    photometric: str = "MONOCHROME2"
    planar: bool = False
    palette: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    irreversible: str = WITHHOLD

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a decoded frame: rows, columns, and samples if there are several."""
        return (self.rows, self.columns, self.samples) if self.samples > 1 else (self.rows, self.columns)

    @property
    def native_type(self) -> np.dtype[Any]:
        """Of native pixels in the file."""
        order = ">" if self.transfer_syntax == NATIVE_BIG else "<"
        return np.dtype(f"{order}{'i' if self.signed else 'u'}{self.bits_allocated // 8}")


@dataclass(frozen=True, slots=True)
class Lossless:
    """A pair that gives the same pixels back."""

    decode: Function
    encode: Function


_J2K = Lossless(
    imagecodecs.jpeg2k_decode, partial(imagecodecs.jpeg2k_encode, level=0, codecformat="J2K", reversible=True)
)
_HTJ2K = Lossless(imagecodecs.htj2k_decode, partial(imagecodecs.htj2k_encode, reversible=True))
_LJPEG = Lossless(imagecodecs.ljpeg_decode, imagecodecs.ljpeg_encode)
_JLS = Lossless(imagecodecs.jpegls_decode, partial(imagecodecs.jpegls_encode, level=0))
LOSSLESS: dict[str, Lossless] = {
    "1.2.840.10008.1.2.4.57": _LJPEG,
    "1.2.840.10008.1.2.4.70": _LJPEG,
    "1.2.840.10008.1.2.4.80": _JLS,
    "1.2.840.10008.1.2.4.90": _J2K,
    "1.2.840.10008.1.2.4.201": _HTJ2K,
    "1.2.840.10008.1.2.4.202": _HTJ2K,
}
_LOSSY: dict[str, Lossless] = {  # frames with and without loss may stand beside one another (PS3.5 A.4.3, A.4.4)
    "1.2.840.10008.1.2.4.81": _JLS,
    "1.2.840.10008.1.2.4.91": _J2K,
    "1.2.840.10008.1.2.4.203": _HTJ2K,
}
RLE = "1.2.840.10008.1.2.5"


def lossless(facts: PixelFacts) -> Lossless | None:
    """How a frame is decoded and written again with the same pixels; None if it cannot, or the policy says no."""
    if facts.transfer_syntax in _LOSSY and facts.irreversible == WITHOUT_LOSS:
        return _LOSSY[facts.transfer_syntax]
    return LOSSLESS.get(facts.transfer_syntax)


def decoded(frame: bytes, facts: PixelFacts) -> Pixels:
    """One frame as an array of `facts.shape`, samples last. Raises CannotDecode."""
    try:
        pixels = _decoded(frame, facts)
    except (imagecodecs.DelayedImportError, RuntimeError, ValueError, TypeError):
        raise CannotDecode from None
    if pixels.shape != facts.shape:
        raise CannotDecode
    return pixels


def _decoded(frame: bytes, facts: PixelFacts) -> Pixels:
    syntax = facts.transfer_syntax
    if syntax in NATIVE_LITTLE or syntax == NATIVE_BIG:
        return _native(frame, facts)
    if syntax == RLE:
        packed = np.frombuffer(imagecodecs.dicomrle_decode(frame, facts.native_type), facts.native_type)
        planes = packed.reshape((facts.samples, facts.rows, facts.columns))
        return np.moveaxis(planes, 0, -1) if facts.samples > 1 else planes[0]
    if syntax in JPEG_8:
        raw = facts.photometric == "RGB"
        return np.asarray(
            imagecodecs.jpeg8_decode(frame, colorspace="RGB", outcolorspace="RGB")
            if raw and not _says_its_colours(frame)
            else imagecodecs.jpeg8_decode(frame)
        )
    if syntax in LOSSLESS:
        return np.asarray(LOSSLESS[syntax].decode(frame))
    if syntax in _LOSSY:
        return np.asarray(_LOSSY[syntax].decode(frame))
    raise CannotDecode


def _says_its_colours(jpeg: bytes) -> bool:
    return b"JFIF\0" in jpeg[:64] or b"Adobe" in jpeg[:4096]


def _native(frame: bytes, facts: PixelFacts) -> Pixels:
    size = facts.rows * facts.columns * facts.samples
    if facts.bits_allocated == 1:
        return np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[:size].reshape(facts.shape)
    if facts.photometric == "YBR_FULL_422":
        return _subsampled(frame, facts)
    pixels = np.frombuffer(frame, facts.native_type, count=size)
    if facts.planar and facts.samples > 1:
        return np.moveaxis(pixels.reshape((facts.samples, facts.rows, facts.columns)), 0, -1)
    return pixels.reshape(facts.shape)


def _subsampled(frame: bytes, facts: PixelFacts) -> Pixels:
    """Y Y Cb Cr for every two pixels (PS3.3 C.7.6.3.1.2)."""
    pairs = np.frombuffer(frame, np.uint8).reshape((facts.rows, facts.columns // 2, 4))
    pixels = np.empty((facts.rows, facts.columns, 3), np.uint8)
    pixels[:, 0::2, 0], pixels[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    for sample in (1, 2):
        pixels[..., sample] = np.repeat(pairs[..., sample + 1], 2, axis=1)
    return pixels
