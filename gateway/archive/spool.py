"""Objects of archives that give no ranges, kept on the local disk for a while: private to us, bounded in bytes.

They identify patients as the archive does. A file is fetched under another name and renamed when it is whole; who knows
its length reads it while it comes. The oldest go first when there are too many bytes.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from gateway.archive.access import Access
from gateway.archive.growing import Ask, GrowingSource
from gateway.archive.landing import Landing
from gateway.archive.upstream import UpstreamFailed
from gateway.dicom.source import ByteSource, FileSource
from gateway.errors import SlidegateError

Fetch = Callable[[Landing], None]


class Spool:
    """Fetched objects by name."""

    def __init__(self, access: Access) -> None:
        self._folder, self._most = access.spool, access.spool_bytes
        self._coming: dict[Path, Landing] = {}
        self._lock = threading.Lock()

    def open(self, name: str, fetch: Fetch, ask: Ask, size: int) -> ByteSource:
        """The object, fetched if it is not here: of a `size` other than -1 as soon as it begins to come.

        One process fetches it, others wait until it is whole. Raises what `fetch` raises.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / sha256(name.encode()).hexdigest()
        while True:
            with suppress(FileNotFoundError):
                return _opened(path)
            landing = self._landing(path, fetch)
            if landing.begun():
                return GrowingSource(landing, landing.whole() if size < 0 else size, ask)

    def _landing(self, path: Path, fetch: Fetch) -> Landing:
        """The object on its way; one thread of this process brings it."""
        with self._lock:
            if path not in self._coming:
                self._coming[path] = landing = Landing()
                threading.Thread(target=self._bring, args=(path, landing, fetch), daemon=True).start()
            return self._coming[path]

    def _bring(self, path: Path, landing: Landing, fetch: Fetch) -> None:
        fault: Exception | None = UpstreamFailed()
        try:
            with _alone(path):
                if not path.exists():  # nobody else has brought it meanwhile
                    _fetch(path, landing, fetch)
                    _make_room(self._folder, path, self._most)
            fault = None
        except (SlidegateError, OSError) as told:
            fault = told
        finally:
            with self._lock:
                del self._coming[path]
            landing.end(fault)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process and thread at a time."""
    name = path.with_suffix(".lock")
    while True:
        with os.fdopen(os.open(name, os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_at(lock.fileno(), name):
                continue  # who had it has taken it away
            try:
                yield
            finally:
                name.unlink(missing_ok=True)
            return


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _fetch(path: Path, landing: Landing, fetch: Fetch) -> None:
    part = path.with_suffix(".part")
    try:
        landing.on(part)
        fetch(landing)
        if not landing.length:
            raise UpstreamFailed
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _opened(path: Path) -> FileSource:
    source = FileSource(path)
    os.utime(path)
    return source


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
