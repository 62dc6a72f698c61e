"""Frames that will take the place of the archive's, put aside while an image is worked on: in a file without a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from tempfile import SpooledTemporaryFile

from gateway.pixels.redact.errors import TooMuchReplaced

IN_MEMORY = 8 * 1024**2  # bytes, above which they go to disk
MOST = 2 * 1024**3  # bytes of one instance that may have to be kept a second time


class Aside(Mapping[int, bytes]):
    """Frames by number, each read back when it is asked for; in memory is only where each lies."""

    def __init__(self, frames: Iterable[tuple[int, bytes]]) -> None:
        """Put frames aside as they come, each number once. Raises TooMuchReplaced, and what their maker raises."""
        self._places: dict[int, tuple[int, int]] = {}
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # closed with this
        end = 0
        for number, data in frames:
            self._places[number] = (end, len(data))
            end += self._file.write(data)
            if end > MOST:
                raise TooMuchReplaced

    def __getitem__(self, number: int) -> bytes:
        start, length = self._places[number]
        self._file.seek(start)
        return self._file.read(length)

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __del__(self) -> None:
        self._file.close()
