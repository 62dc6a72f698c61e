"""A release as one zip file (APPNOTE 6.3.10, ZIP64, nothing compressed), with the SHA-256 of every instance at its end.

Images are compressed already, so lengths are known before the first byte. Checksums are not: they follow each file.
"""

from __future__ import annotations

import hashlib
import struct
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO

from gateway.release.models import ManifestEntry, Release
from gateway.release.queries import Member
from gateway.release.sums import CHUNK, SUMS, Sums, line_length
from gateway.release.tar import path_of

VERSION = 45  # the first that knows ZIP64
UNIX = 3 << 8  # who made it, for the file mode
FLAGS = 0x0808  # the checksum follows the file; names are UTF-8
ALL_ONES = 0xFFFFFFFF  # "see the ZIP64 field"
MODE = 0o100640 << 16
LOCAL, FIELD_LOCAL = struct.Struct("<4s5H3I2H"), struct.Struct("<HHQQ")  # 4.3.7, 4.5.3
DESCRIPTOR = struct.Struct("<4sIQQ")  # 4.3.9
CENTRAL, FIELD_CENTRAL = struct.Struct("<4s6H3I5H2I"), struct.Struct("<HHQQQ")  # 4.3.12
END64 = struct.Struct("<4sQ2H2I4Q")  # 4.3.14
LOCATOR = struct.Struct("<4sIQI")  # 4.3.15
END = struct.Struct("<4s4H2IH")  # 4.3.16
AROUND = LOCAL.size + FIELD_LOCAL.size + DESCRIPTOR.size + CENTRAL.size + FIELD_CENTRAL.size


class Zip:
    """Instances by study and series in one folder, beside them SHA256SUMS for `sha256sum --check`."""

    content_type = "application/zip"
    suffix = "zip"

    def __init__(self, release: Release) -> None:
        made = release.built_at
        self._folder = release.id
        self._time = made.hour << 11 | made.minute << 5 | made.second // 2
        self._date = (made.year - 1980) << 9 | made.month << 5 | made.day
        self._sums = Sums()
        self._directory: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`
        self._count = self._at = self._crc = 0
        self._sha256 = hashlib.sha256()

    def length(self, members: Iterator[Member]) -> int:
        """Bytes of the whole."""
        whole, sums = END64.size + LOCATOR.size + END.size, 0
        for each in members:
            path = path_of(each)
            whole += self._around(path) + each.size
            sums += line_length(path)
        return whole + self._around(SUMS) + sums

    def head(self, entry: ManifestEntry) -> bytes:
        """The header of an instance."""
        return self._local(path_of(entry), entry.size)

    def seen(self, chunk: bytes) -> None:
        """A part of the instance went by."""
        self._crc = zlib.crc32(chunk, self._crc)
        self._sha256.update(chunk)

    def tail(self, entry: ManifestEntry) -> bytes:
        """Checksum and sizes; the digest and the line of the directory are noted."""
        self._sums.note(path_of(entry), self._sha256.hexdigest())
        return self._described(path_of(entry), entry.size)

    def end(self) -> Iterator[bytes]:
        """The digests as a file, and the directory."""
        size = self._sums.length
        yield self._local(SUMS, size)
        for chunk in self._sums.lines():
            self._crc = zlib.crc32(chunk, self._crc)
            yield chunk
        yield self._described(SUMS, size)
        length = self._directory.tell()
        self._directory.seek(0)
        while chunk := self._directory.read(CHUNK):
            yield chunk
        count, at = self._count, self._at
        yield END64.pack(b"PK\6\6", END64.size - 12, UNIX | VERSION, VERSION, 0, 0, count, count, length, at)
        yield LOCATOR.pack(b"PK\6\7", 0, at + length, 1)
        yield END.pack(b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, ALL_ONES, ALL_ONES, 0)

    def close(self) -> None:
        """Forget the digests and the directory."""
        self._sums.close()
        self._directory.close()

    def _local(self, path: str, size: int) -> bytes:
        name = f"{self._folder}/{path}".encode("ascii")
        self._crc, self._sha256 = 0, hashlib.sha256()
        fixed = LOCAL.pack(
            b"PK\3\4", VERSION, FLAGS, 0, self._time, self._date, 0, ALL_ONES, ALL_ONES, len(name), FIELD_LOCAL.size
        )
        return fixed + name + FIELD_LOCAL.pack(1, FIELD_LOCAL.size - 4, size, size)

    def _described(self, path: str, size: int) -> bytes:
        name = f"{self._folder}/{path}".encode("ascii")
        fixed = CENTRAL.pack(
            b"PK\1\2", UNIX | VERSION, VERSION, FLAGS, 0, self._time, self._date, self._crc, ALL_ONES, ALL_ONES,
            len(name), FIELD_CENTRAL.size, 0, 0, 0, MODE, ALL_ONES,
        )  # fmt: skip
        self._directory.write(fixed + name + FIELD_CENTRAL.pack(1, FIELD_CENTRAL.size - 4, size, size, self._at))
        self._count += 1
        self._at += LOCAL.size + len(name) + FIELD_LOCAL.size + size + DESCRIPTOR.size
        return DESCRIPTOR.pack(b"PK\7\x08", self._crc, size, size)

    def _around(self, path: str) -> int:
        """Bytes of everything about a file but the file."""
        return AROUND + 2 * len(f"{self._folder}/{path}")
