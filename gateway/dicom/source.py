"""Where bytes come from, as the engine sees it: a size, and exact reads at a position."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from gateway.dicom.errors import Truncated


class ByteSource(Protocol):
    """Bytes of one object. `read` gives exactly `length` bytes or raises Truncated; safe to share by threads."""

    @property
    def size(self) -> int:
        """Length of the object in bytes."""
        ...

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


def within(start: int, length: int, size: int) -> None:
    """A read lies in an object of `size` bytes. Raises Truncated."""
    if start < 0 or length < 0 or start + length > size:
        raise Truncated


def read_exactly(handle: int, start: int, length: int) -> bytes:
    """Exactly `length` bytes of an open file from `start`; raises Truncated where it ends before."""
    data = os.pread(handle, length, start)
    while len(data) < length:
        more = os.pread(handle, length - len(data), start + len(data))
        if not more:
            raise Truncated
        data += more
    return data


class BytesSource:
    """A source in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`; raises Truncated."""
        if start < 0 or start + length > self.size:
            raise Truncated
        return self._data[start : start + length]

    def close(self) -> None:
        """Nothing is held."""


BUFFER = 256 * 1024  # bytes; measured: smaller and larger ones are slower, and so are sendfile and copy_file_range


class FileSource:
    """A local file, read by position, so that threads may share it."""

    def __init__(self, path: Path) -> None:
        self._handle = -1
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._handle).st_size

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`; raises Truncated, also when the file has shrunk."""
        if start < 0 or start + length > self.size:
            raise Truncated
        return read_exactly(self._handle, start, length)

    def copy_to(self, target: int, start: int, length: int) -> None:
        """Write `length` bytes from `start` to an open file; raises Truncated. Its one buffer stays in cache."""
        if start < 0 or start + length > self.size:
            raise Truncated
        buffer = bytearray(min(length, BUFFER))
        while length:
            read = os.preadv(self._handle, [memoryview(buffer)[: min(length, BUFFER)]], start)
            if not read:
                raise Truncated
            view = memoryview(buffer)[:read]
            while view:
                view = view[os.write(target, view) :]
            start, length = start + read, length - read

    def send_to(self, wire: int, start: int, length: int) -> None:
        """Send `length` bytes from `start` to a socket without reading them; raises Truncated, OSError."""
        if start < 0 or start + length > self.size:
            raise Truncated
        while length:
            sent = os.sendfile(wire, self._handle, start, length)
            if not sent:
                raise Truncated
            start, length = start + sent, length - sent

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def __del__(self) -> None:
        self.close()
