"""Tiles that were drawn once, kept on disk: never more bytes than are set, the longest unused first out.

A tile is kept under the grant and the epochs of grant and consent: once either changes it is not found again, and
it is removed with the next tile that is drawn for the same grant.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.settings import current

LEFT_AFTER_SWEEPING = 0.8  # of the bound, so that not every tile sweeps


@dataclass(frozen=True, slots=True)
class Access:
    """On what leave a tile was drawn."""

    grant: str
    epoch: int
    consent_epoch: int


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles in one folder, at most `limit` bytes; shared by all processes of a gateway."""

    folder: Path
    limit: int

    def get(self, access: Access, key: str) -> bytes | None:
        """A tile that was kept."""
        path = self._path(access, key)
        try:
            body = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return body

    def put(self, access: Access, key: str, body: bytes) -> None:
        """Keep a tile; one that cannot be kept is simply drawn again."""
        if len(body) * 4 > self.limit:
            return
        path = self._path(access, key)
        with suppress(OSError), self._ledger() as ledger:
            held = _counted(ledger)
            if held is None or held + len(body) > self.limit:
                held = self._sweep(int(self.limit * LEFT_AFTER_SWEEPING) - len(body))
            _count(ledger, held + len(body))  # before it is there: a crash may count too much, never too little
            _without_stale(path.parent)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            half = self.folder / "half"
            half.unlink(missing_ok=True)
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(body)
            half.replace(path)

    def _path(self, access: Access, key: str) -> Path:
        name = hashlib.sha256(f"{access} {key}".encode()).hexdigest()
        return self.folder / access.grant / f"{access.epoch}-{access.consent_epoch}" / name

    @contextmanager
    def _ledger(self) -> Iterator[int]:
        """The file in which the bytes held are counted, locked against other processes and threads."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.folder / "bytes", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def _sweep(self, most: int) -> int:
        """Remove the longest unused until at most so many bytes are held; gives the bytes held."""
        found = sorted((stat.st_mtime_ns, stat.st_size, path) for path, stat in _files(self.folder))
        held = sum(size for _, size, _ in found)
        for _, size, path in found:
            if held <= most:
                break
            path.unlink(missing_ok=True)
            held -= size
        return held


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.glob("*/*/*"):
        with suppress(FileNotFoundError):
            yield path, path.stat()


def _counted(ledger: int) -> int | None:
    text = os.pread(ledger, 20, 0)
    return int(text) if text.strip().isdigit() else None


def _count(ledger: int, held: int) -> None:
    os.pwrite(ledger, b"%020d" % held, 0)


def _without_stale(folder: Path) -> None:
    """Remove what was drawn for the same grant under other epochs."""
    if not folder.exists() and folder.parent.exists():
        for each in folder.parent.iterdir():
            shutil.rmtree(each, ignore_errors=True)


def kept(access: Access, key: str, draw: Callable[[], bytes]) -> bytes:
    """A tile from the gateway's disk, or drawn and kept."""
    tiles = Tiles(current().data_dir / "tiles", current().tile_cache_bytes)
    body = tiles.get(access, key)
    if body is None:
        body = draw()
        tiles.put(access, key, body)
    return body
