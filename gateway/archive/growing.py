"""A source over an object that is still on its way, and how single frames are had before it is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.archive.landing import Landing
from gateway.dicom.source import within

LARGEST = 4 * 1024 * 1024  # bytes of a frame that is asked for by itself
Ask = Callable[[int, int], bytes | None]  # frame from 0, its length in bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame, counted from 0, and where its pieces lie in the object: (start, length) of each."""

    number: int
    pieces: Sequence[tuple[int, int]]

    @property
    def length(self) -> int:
        """Bytes of the frame."""
        return sum(length for _, length in self.pieces)

    @property
    def end(self) -> int:
        """Where the last piece ends."""
        start, length = self.pieces[-1]
        return start + length


class GrowingSource:
    """A ByteSource of known size: what has not come yet is waited for. Raises what the archive raises, at any read."""

    def __init__(self, landing: Landing, size: int, ask: Ask) -> None:
        self.size = size
        self._landing, self._ask = landing, ask

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`. Raises Truncated, or what the archive raises."""
        within(start, length, self.size)
        return self._landing.read(start, length, self.size)

    def early(self, wanted: Frame, known: Frame) -> bytes | None:
        """A frame that has not come yet, asked for by itself; None if it has to be waited for.

        Only of an archive that gives frames as it stores them: `known`, which lies before it, is asked for first, and
        has to be what the object itself has there.
        """
        if self._landing.has(wanted.end) or known.end > wanted.pieces[0][0]:
            return None
        if self._landing.proof is None:
            own = b"".join(self.read(start, length) for start, length in known.pieces)
            self._landing.proof = self._ask(known.number, known.length) == own
        return self._ask(wanted.number, wanted.length) if self._landing.proof else None

    def close(self) -> None:
        """It goes on coming, for the next reader."""


class EarlyFrame:
    """A ByteSource of one frame of such an object, held from the first read of it to the last."""

    def __init__(self, source: GrowingSource, wanted: Frame, known: Frame) -> None:
        self.size = wanted.length
        self._source, self._wanted, self._known = source, wanted, known
        self._held: bytes | None = None

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start` of the frame. Raises Truncated, or what the archive raises."""
        within(start, length, self.size)
        data = self._held
        if data is None:
            data = self._source.early(self._wanted, self._known) or self._waited_for()
        self._held = data if start + length < self.size else None
        return data[start : start + length]

    def _waited_for(self) -> bytes:
        return b"".join(self._source.read(start, length) for start, length in self._wanted.pieces)

    def close(self) -> None:
        """Let go of the frame."""
        self._held = None
