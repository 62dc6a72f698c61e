"""The rope: a file that is never put together, only read: bytes in memory and ranges of a source, in a row.

Its length is known before the first byte; Content-Length, Range requests and constant memory follow.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gateway.dicom.errors import Truncated
from gateway.dicom.source import ByteSource, FileSource

CHUNK = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that are held."""

    data: bytes

    @property
    def length(self) -> int:
        """Length in bytes."""
        return len(self.data)

    def read(self, start: int, length: int) -> bytes:
        """`length` bytes from `start` of this piece."""
        return self.data[start : start + length]


@dataclass(frozen=True, slots=True)
class SourceRange:
    """Bytes that stay where they are until they are read."""

    source: ByteSource
    start: int
    length: int

    def read(self, start: int, length: int) -> bytes:
        """`length` bytes from `start` of this piece. Raises Truncated."""
        return self.source.read(self.start + start, length)


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes of a piece, from `start` in it."""

    piece: Literal | SourceRange
    start: int
    length: int

    @property
    def data(self) -> bytes:
        """The bytes. Raises Truncated."""
        return self.piece.read(self.start, self.length)

    def send_to(self, wire: int) -> bool:
        """Whether the system could send them to a socket by itself, from a local file. Raises Truncated, OSError."""
        if not isinstance(self.piece, SourceRange) or not isinstance(self.piece.source, FileSource):
            return False
        self.piece.source.send_to(wire, self.piece.start + self.start, self.length)
        return True


class Rope:
    """Pieces in a row. Safe to read from several threads, as its sources are."""

    def __init__(self, pieces: Sequence[Literal | SourceRange]) -> None:
        self.pieces = tuple(piece for piece in pieces if piece.length)
        self._starts = (0, *accumulate(piece.length for piece in self.pieces))

    @property
    def length(self) -> int:
        """Length of the whole in bytes."""
        return self._starts[-1]

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`. Raises Truncated past the end."""
        if start < 0 or start + length > self.length:
            raise Truncated
        return b"".join(self.chunks(start, start + length, size=max(length, 1)))

    def chunks(self, start: int = 0, stop: int | None = None, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes from `start` to `stop`, at most `size` at a time."""
        return (span.data for span in self.spans(start, stop, size))

    def spans(self, start: int = 0, stop: int | None = None, size: int = CHUNK) -> Iterator[Span]:
        """The parts of pieces that make up `start` to `stop`, at most `size` bytes each."""
        stop = self.length if stop is None else min(stop, self.length)
        at = start
        while at < stop:
            place = bisect_right(self._starts, at) - 1
            inside = at - self._starts[place]
            piece = self.pieces[place]
            length = min(size, piece.length - inside, stop - at)
            yield Span(piece, inside, length)
            at += length

    def write_to(self, target: int) -> None:
        """Write the whole to an open file. Raises Truncated."""
        for piece in self.pieces:
            if isinstance(piece, SourceRange) and isinstance(piece.source, FileSource):
                piece.source.copy_to(target, piece.start, piece.length)
            else:
                for at in range(0, piece.length, CHUNK):
                    _write_all(target, piece.read(at, min(CHUNK, piece.length - at)))


def _write_all(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
