"""Pictures cut into tiles and encoded as scanners do, with the offset table that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from struct import pack

import imagecodecs
import numpy as np

from gateway.demo.tissue import Picture

PAPER = 244


@dataclass(frozen=True, slots=True)
class Codec:
    """How frames are encoded, and what the header says of it."""

    transfer_syntax: str
    photometric: str
    method: str  # LossyImageCompressionMethod, empty if lossless
    encode: Callable[[Picture], bytes]

    @property
    def encapsulated(self) -> bool:
        """Whether frames are items of their own, rather than one after the other."""
        return self.transfer_syntax != "1.2.840.10008.1.2.1"


def _jpeg(tile: Picture, subsampling: str) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(tile, level=82, colorspace="RGB", subsampling=subsampling))


def _j2k(tile: Picture) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(tile, level=0, codecformat="J2K", reversible=True, mct=True))


def _native(tile: Picture) -> bytes:
    return tile.tobytes()


JPEG_422 = Codec("1.2.840.10008.1.2.4.50", "YBR_FULL_422", "ISO_10918_1", partial(_jpeg, subsampling="422"))
JPEG_420 = Codec("1.2.840.10008.1.2.4.50", "YBR_FULL_422", "ISO_10918_1", partial(_jpeg, subsampling="420"))
NATIVE = Codec("1.2.840.10008.1.2.1", "RGB", "", _native)
J2K_LOSSLESS = Codec("1.2.840.10008.1.2.4.90", "YBR_RCT", "", _j2k)


def tiles(picture: Picture, size: int) -> Iterator[tuple[int, int, Picture]]:
    """(left, top, tile) row by row from the top left; tiles at the edges are filled up with glass."""
    height, width = picture.shape[:2]
    for top in range(0, height, size):
        for left in range(0, width, size):
            tile = np.full((size, size, 3), PAPER, np.uint8)
            part = picture[top : top + size, left : left + size]
            tile[: part.shape[0], : part.shape[1]] = part
            yield left, top, tile


def as_the_stage_went(placed: list[tuple[int, int, Picture]]) -> list[tuple[int, int, Picture]]:
    """The same tiles, every other row from right to left: the order of a stage that never travels empty."""
    tops = sorted({top for _left, top, _tile in placed})
    turning = set(tops[1::2])
    return sorted(placed, key=lambda each: (each[1], -each[0] if each[1] in turning else each[0]))


def is_glass(tile: Picture) -> bool:
    """Whether there is nothing on a tile worth keeping."""
    return bool(tile.min() > 222)


@dataclass(frozen=True, slots=True)
class Encapsulated:
    """Encapsulated pixel data: basic offset table and items, and the extended table's two values."""

    value: bytes
    offsets: bytes
    lengths: bytes


def encapsulated(frames: list[bytes], *, basic_table: bool) -> Encapsulated:
    """Frames as items, one fragment each (PS3.5 A.4), every item of even length."""
    padded = [frame + b"\0" * (len(frame) & 1) for frame in frames]
    starts = np.cumsum([0, *(len(frame) + 8 for frame in padded[:-1])])
    table = b"".join(pack("<I", int(start)) for start in starts) if basic_table else b""
    head = pack("<HHI", 0xFFFE, 0xE000, len(table)) + table
    items = b"".join(pack("<HHI", 0xFFFE, 0xE000, len(frame)) + frame for frame in padded)
    offsets = starts.astype("<u8").tobytes()
    return Encapsulated(head + items, offsets, np.array([len(f) for f in padded], "<u8").tobytes())
