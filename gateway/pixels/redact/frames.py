"""Boxes taken out of one encoded frame, in the frame's own transfer syntax, everything else as it was."""

from __future__ import annotations

from collections.abc import Sequence

import imagecodecs
import numpy as np
from pydicom.pixels.encoders.base import RLELosslessEncoder

from gateway.pixels.boxes import Box, on_picture
from gateway.pixels.encodings import JPEG_8, NATIVE_BIG, NATIVE_LITTLE, RLE, PixelFacts, Pixels, decoded, lossless
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.redact.jpeg import flattened

QUALITY = 90  # of a JPEG that is drawn here


def redacted(frame: bytes, boxes: Sequence[Box], facts: PixelFacts) -> bytes:
    """The frame with the boxes flat. JPEG in the DCT domain; what is lossless is decoded and encoded again.

    So is what has lost something before, if the policy says so (`facts.irreversible`). Raises CannotRedact for what
    could only be done with further loss, CannotDecode, NoCodec.
    """
    parts = on_picture(boxes, facts.columns, facts.rows)
    if not parts:
        return frame
    if facts.transfer_syntax in JPEG_8:
        return flattened(frame, parts)
    if facts.transfer_syntax in NATIVE_LITTLE or facts.transfer_syntax == NATIVE_BIG:
        return _native(frame, parts, facts)
    if facts.transfer_syntax != RLE and lossless(facts) is None:
        raise CannotRedact
    pixels = np.array(decoded(frame, facts))
    for box in parts:
        pixels[box.top : box.bottom, box.left : box.right] = 0
    written = _encoded(pixels, facts)
    if not np.array_equal(decoded(written, facts), pixels):
        raise CannotRedact
    return written


def written(pixels: Pixels, facts: PixelFacts) -> bytes:
    """A whole new frame of 8 bits, RGB or grey, encoded as the header says. Raises CannotRedact if it cannot be."""
    syntax, colour = facts.transfer_syntax, pixels.ndim == 3
    if syntax in JPEG_8:
        if facts.photometric == "RGB":
            return bytes(imagecodecs.jpeg8_encode(pixels, level=QUALITY, colorspace="RGB", outcolorspace="RGB"))
        return bytes(imagecodecs.jpeg8_encode(pixels, level=QUALITY, subsampling="422" if colour else None))
    if syntax in NATIVE_LITTLE or syntax == NATIVE_BIG:
        if colour and facts.photometric != "RGB":
            raise CannotRedact
        ordered = np.moveaxis(pixels, -1, 0) if colour and facts.planar else pixels
        data = np.ascontiguousarray(ordered).tobytes()
        return data + b"\0" * (len(data) & 1)
    if (syntax != RLE and lossless(facts) is None) or (colour and facts.photometric not in ("RGB", "YBR_RCT")):
        raise CannotRedact
    return _encoded(pixels, facts)


def _encoded(pixels: Pixels, facts: PixelFacts) -> bytes:
    try:
        if facts.transfer_syntax == RLE:
            return _run_lengths(pixels, facts)
        pair = lossless(facts)
        if pair is None:
            raise CannotRedact
        return bytes(pair.encode(np.ascontiguousarray(pixels)))
    except (imagecodecs.DelayedImportError, RuntimeError, ValueError, TypeError):
        raise CannotRedact from None


def _run_lengths(pixels: Pixels, facts: PixelFacts) -> bytes:
    return RLELosslessEncoder.encode(
        np.ascontiguousarray(pixels),
        encoding_plugin="pydicom",
        rows=facts.rows,
        columns=facts.columns,
        samples_per_pixel=facts.samples,
        bits_allocated=facts.bits_allocated,
        bits_stored=facts.bits_stored,
        pixel_representation=int(facts.signed),
        photometric_interpretation="RGB" if facts.samples == 3 else "MONOCHROME2",
        number_of_frames=1,
        planar_configuration=0,
    )


def _native(frame: bytes, parts: Sequence[Box], facts: PixelFacts) -> bytes:
    """Samples set to zero in place (chroma to its middle, so that it is black)."""
    size = facts.rows * facts.columns * facts.samples
    if facts.bits_allocated not in (8, 16, 32) or facts.photometric == "YBR_FULL_422" or facts.photometric == "YBR_ICT":
        raise CannotRedact
    if len(frame) < size * facts.bits_allocated // 8:
        raise CannotRedact
    buffer = bytearray(frame)
    flat = np.frombuffer(buffer, facts.native_type, count=size)
    if facts.planar and facts.samples > 1:
        pixels = np.moveaxis(flat.reshape((facts.samples, facts.rows, facts.columns)), 0, -1)
    else:
        pixels = flat.reshape(facts.shape)
    for box in parts:
        pixels[box.top : box.bottom, box.left : box.right] = 0
        if facts.photometric == "YBR_FULL":
            pixels[box.top : box.bottom, box.left : box.right, 1:] = 1 << (facts.bits_stored - 1)
    return bytes(buffer)
