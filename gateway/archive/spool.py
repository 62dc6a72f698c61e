"""Objects of archives that give no ranges, kept on the local disk for a while: private to us, bounded in bytes.

They identify patients as the archive does. A file is fetched under another name and renamed when it is whole; the
oldest go first when there are too many bytes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

from gateway.archive.access import Access
from gateway.archive.upstream import UpstreamFailed
from gateway.dicom.source import ByteSource, FileSource

Fetch = Callable[[IO[bytes]], None]


class Spool:
    """Fetched objects by name."""

    def __init__(self, access: Access) -> None:
        self._folder, self._most = access.spool, access.spool_bytes

    def open(self, name: str, fetch: Fetch) -> ByteSource:
        """The object, fetched if it is not here; one process fetches it, others wait. Raises what `fetch` raises."""
        folder = self._folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / sha256(name.encode()).hexdigest()
        with suppress(FileNotFoundError):
            return _opened(path)
        with os.fdopen(os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                return _opened(path)
            _fetch(path, fetch)
            opened = _opened(path)
            _make_room(folder, path, self._most)
        with suppress(FileNotFoundError):
            path.with_suffix(".lock").unlink()
        return opened


def _opened(path: Path) -> FileSource:
    source = FileSource(path)
    os.utime(path)
    return source


def _fetch(path: Path, fetch: Fetch) -> None:
    part = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "r+b") as target:
            fetch(target)
            target.flush()
            if not os.fstat(target.fileno()).st_size:
                raise UpstreamFailed
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _make_room(folder: Path, kept: Path, most: int) -> None:
    """Delete what was used longest ago; who reads it still can."""
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            state = path.stat()
            if not path.suffix and path != kept:
                found.append((state.st_mtime_ns, state.st_size, path))
    room = most - kept.stat().st_size - sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if room >= 0:
            return
        path.unlink(missing_ok=True)
        room += size
