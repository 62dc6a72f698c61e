"""An object that is on its way to the local disk, and is read from while it comes."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Protocol

from gateway.archive.connect import ArchiveError
from gateway.archive.upstream import UpstreamFailed
from gateway.dicom.source import read_exactly


class Target(Protocol):
    """What an answer is written to. The end of it may turn out not to belong to the object, and is cut off."""

    @property
    def length(self) -> int:
        """Bytes written."""
        ...

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""
        ...

    def written(self, start: int) -> bytes:
        """What was written, from there on."""
        ...

    def cut(self, length: int) -> None:
        """Take off all behind so many bytes."""
        ...


class Held:
    """A target in memory, for what is small. Raises UpstreamFailed when it is not."""

    def __init__(self, most: int) -> None:
        self.data, self._most = bytearray(), most

    @property
    def length(self) -> int:
        """Bytes written."""
        return len(self.data)

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""
        self.data += data
        if len(self.data) > self._most:
            raise UpstreamFailed

    def written(self, start: int) -> bytes:
        """What was written, from there on."""
        return bytes(self.data[start:])

    def cut(self, length: int) -> None:
        """Take off all behind so many bytes."""
        del self.data[length:]


class Landing:
    """A file that one thread writes and others read as far as it has come.

    What somebody has read may have left: an attempt that is begun again has to bring the same bytes, or it has failed.
    """

    def __init__(self) -> None:
        self._file = -1
        self.proof: bool | None = None  # whether the archive gives its frames as it stores them; None: not known yet
        self._changed = threading.Condition()
        self._at = self._have = self._read = 0  # bytes written by this attempt, there to be read, and read by somebody
        self._over = False
        self._fault: Exception | None = None

    def on(self, path: Path) -> None:
        """Where the file is."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    @property
    def length(self) -> int:
        """Bytes written."""
        return self._at

    def begin(self) -> None:
        """Write from the start, for the first time or again."""
        with self._changed:
            os.ftruncate(self._file, self._read)
            self._at, self._have = 0, self._read

    def write(self, data: bytes) -> None:
        """Add bytes at the end. Raises UpstreamFailed if they are others than somebody has read before."""
        known = max(0, min(len(data), self._have - self._at))
        if known and os.pread(self._file, known, self._at) != data[:known]:
            raise UpstreamFailed
        view = memoryview(data)[known:]
        at = self._at + known
        while view:
            written = os.pwrite(self._file, view, at)
            view, at = view[written:], at + written
        with self._changed:
            self._at += len(data)
            self._have = max(self._have, self._at)
            self._changed.notify_all()

    def written(self, start: int) -> bytes:
        """What was written, from there on."""
        return os.pread(self._file, self._at - start, start)

    def cut(self, length: int) -> None:
        """Take off all behind so many bytes."""
        with self._changed:
            os.ftruncate(self._file, length)
            self._at = self._have = length

    def end(self, fault: Exception | None = None) -> None:
        """All has come, or never will; only the first word counts."""
        with self._changed:
            if not self._over:
                self._over, self._fault = True, fault
            self._changed.notify_all()

    def begun(self) -> bool:
        """Wait for the first bytes; whether there are any. Raises its fault."""
        with self._changed:
            self._wait(1)
            return self._have > 0

    def whole(self) -> int:
        """Wait for the last byte; gives the length. Raises its fault."""
        with self._changed:
            self._wait(None)
            return self._at

    def has(self, end: int) -> bool:
        """Whether the first so many bytes have come."""
        return self._have >= end

    def read(self, start: int, length: int, of: int) -> bytes:
        """Exactly these bytes of an object of `of` bytes, waiting for them; the last ones only when all has come well.

        Raises its fault, or ArchiveError if the object has another length.
        """
        end = start + length
        with self._changed:
            self._wait(None if end == of else end)
            if self._have < end or (self._over and self._at != of):
                raise ArchiveError("the object has changed since it was indexed: index the archive again")
            self._read = max(self._read, end)
        return read_exactly(self._file, start, length)

    def _wait(self, end: int | None) -> None:
        """Until so many bytes, or all, have come. Raises its fault."""
        self._changed.wait_for(lambda: self._over or (end is not None and self._have >= end))
        if self._fault is not None:
            raise self._fault

    def __del__(self) -> None:
        if self._file >= 0:
            os.close(self._file)
