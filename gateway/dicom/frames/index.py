"""The frame index: where each frame's bytes lie, as two compact arrays of 64-bit numbers."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from itertools import pairwise

from gateway.dicom.errors import BadFrames

WIDTH = 16  # bytes for each piece in the packed form: start and length, little endian


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Pieces of pixel data in the file: piece `i` is `lengths[i]` bytes from `starts[i]`.

    Frame `n` (from 0) is the pieces `first[n]` to `first[n + 1]`; most frames are one piece. `end` is where the
    pixel data element ends, delimiter included.
    """

    starts: array[int]
    lengths: array[int]
    first: array[int] | None  # None: each piece is a frame
    end: int

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.starts) if self.first is None else len(self.first) - 1

    def pieces(self, frame: int) -> list[tuple[int, int]]:
        """(start, length) of each piece of a frame, counted from 0. Raises BadFrames if there is no such frame."""
        if not 0 <= frame < self.count:
            raise BadFrames("there is no frame of that number")
        begin, stop = (frame, frame + 1) if self.first is None else (self.first[frame], self.first[frame + 1])
        return [(self.starts[i], self.lengths[i]) for i in range(begin, stop)]

    def pack(self) -> bytes:
        """The index as bytes: end, number of pieces, number of frames or 0, then the arrays."""
        grouped = self.first if self.first is not None else array("Q")
        head = array("Q", (self.end, len(self.starts), len(grouped)))
        return b"".join(_little(part).tobytes() for part in (head, self.starts, self.lengths, grouped))

    @classmethod
    def unpack(cls, data: bytes) -> FrameIndex:
        """What `pack` packed. Raises BadFrames for anything else."""
        numbers = array("Q")
        if len(data) < 24 or len(data) % 8:
            raise BadFrames("the stored frame index is damaged")
        numbers.frombytes(data)
        numbers = _little(numbers)
        end, count, grouped = numbers[:3]
        if len(numbers) != 3 + 2 * count + grouped:
            raise BadFrames("the stored frame index is damaged")
        first = numbers[3 + 2 * count :] if grouped else None
        return cls(numbers[3 : 3 + count], numbers[3 + count : 3 + 2 * count], first, end)


def _little(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers = array("Q", numbers)
        numbers.byteswap()
    return numbers


def checked(starts: array[int], lengths: array[int], *, frames: int, begin: int, end: int) -> None:
    """Raises BadFrames unless there are so many frames, in order, apart, and inside the pixel data."""
    if len(starts) != frames or frames == 0:
        raise BadFrames("the number of frames in the pixel data is not the number that the header states")
    if starts[0] < begin or starts[-1] + lengths[-1] > end or 0 in lengths:
        raise BadFrames("a frame lies outside the pixel data")
    spans = zip(starts, lengths, strict=True)
    if any(start + length > following for (start, length), (following, _) in pairwise(spans)):
        raise BadFrames("frames overlap or are out of order")
