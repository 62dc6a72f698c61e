"""SHA256SUMS: the digest of each instance of a download, kept on disk until its turn comes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

SUMS = "SHA256SUMS"
HEX = 64  # digits of a SHA-256
CHUNK = 128 * 1024


def line_length(path: str) -> int:
    """Bytes of the line of a path."""
    return HEX + 2 + len(path) + 1


class Sums:
    """Lines for `sha256sum --check`."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`

    def note(self, path: str, sha256: str) -> None:
        """Another line."""
        self._file.write(f"{sha256}  {path}\n".encode("ascii"))

    @property
    def length(self) -> int:
        """Bytes until now."""
        return self._file.tell()

    def lines(self) -> Iterator[bytes]:
        """All lines, a part at a time."""
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            yield chunk

    def close(self) -> None:
        """Forget them."""
        self._file.close()
