"""A release as one tar file (POSIX.1-2017 pax), with the SHA-256 of every instance at its end."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator

from gateway.release.models import ManifestEntry, Release
from gateway.release.queries import Member
from gateway.release.sums import SUMS, Sums, line_length

BLOCK = 512  # bytes
USTAR_LIMIT = 8 * 1024**3  # bytes that a plain header can tell


def path_of(entry: ManifestEntry | Member) -> str:
    """Where an instance lies in the tar, below its folder."""
    return f"{entry.study_uid}/{entry.series_uid}/{entry.uid}.dcm"


class Tar:
    """Instances by study and series in one folder, beside them SHA256SUMS for `sha256sum --check`."""

    content_type = "application/x-tar"
    suffix = "tar"

    def __init__(self, release: Release) -> None:
        self._folder = release.id
        self._made = int(release.built_at.timestamp())
        self._sums = Sums()
        self._sha256 = hashlib.sha256()

    def length(self, members: Iterator[Member]) -> int:
        """Bytes of the whole."""
        whole, sums = 2 * BLOCK, 0
        for each in members:
            path = path_of(each)
            head = BLOCK if each.size < USTAR_LIMIT else len(self._head(path, each.size))
            whole += head + each.size + _padding(each.size)
            sums += line_length(path)
        return whole + len(self._head(SUMS, sums)) + sums + _padding(sums)

    def head(self, entry: ManifestEntry) -> bytes:
        """The header of an instance."""
        self._sha256 = hashlib.sha256()
        return self._head(path_of(entry), entry.size)

    def seen(self, chunk: bytes) -> None:
        """A part of the instance went by."""
        self._sha256.update(chunk)

    def tail(self, entry: ManifestEntry) -> bytes:
        """Zeros up to a whole block; the digest is noted."""
        self._sums.note(path_of(entry), self._sha256.hexdigest())
        return bytes(_padding(entry.size))

    def end(self) -> Iterator[bytes]:
        """The digests as a file, and the two empty blocks that end a tar."""
        size = self._sums.length
        yield self._head(SUMS, size)
        yield from self._sums.lines()
        yield bytes(_padding(size) + 2 * BLOCK)

    def close(self) -> None:
        """Forget the digests."""
        self._sums.close()

    def _head(self, path: str, size: int) -> bytes:
        info = tarfile.TarInfo(f"{self._folder}/{path}")
        info.size, info.mtime, info.mode = size, self._made, 0o640
        return info.tobuf(tarfile.USTAR_FORMAT if size < USTAR_LIMIT else tarfile.PAX_FORMAT)


def _padding(size: int) -> int:
    return -size % BLOCK
