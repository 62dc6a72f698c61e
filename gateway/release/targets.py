"""Where deliveries go: a folder, or a bucket at `s3://bucket/prefix`. What is there under a name is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from gateway.archive.access import Access
from gateway.archive.objects import store_of
from gateway.archive.upstream import UpstreamFailed
from gateway.durable import sync_folder
from gateway.errors import Invalid
from gateway.settings import current


class BadTarget(Invalid):
    """The destination cannot be used."""

    code = "bad-destination"
    title = "The destination cannot be written to"


class Target(Protocol):
    """A place that files are put into."""

    def size(self, name: str) -> int | None:
        """Bytes of what lies there under a name; None for nothing. Raises BadTarget, UpstreamFailed."""
        ...

    def put(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write a file: whole and durable when this returns, not there if it raises."""
        ...


def target_at(destination: str) -> Target:
    """The target of an absolute path or an s3:// address. Raises BadTarget."""
    told = urlsplit(destination)
    if told.scheme == "s3" and told.netloc and "@" not in told.netloc:
        return Bucket(told.netloc, told.path)
    if not told.scheme and Path(destination).is_absolute():
        return Folder(Path(destination))
    raise BadTarget("a destination is an absolute path or s3://bucket/prefix")


class Folder:
    """Files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def size(self, name: str) -> int | None:
        """Bytes of the file."""
        try:
            return (self._root / name).stat().st_size
        except FileNotFoundError:
            return None
        except OSError:
            raise BadTarget from None

    def put(self, name: str, pieces: Iterator[bytes]) -> None:
        """Written under another name, flushed, renamed."""
        path = self._root / name
        part = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            _made(path.parent)
            with part.open("wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        except OSError:
            raise BadTarget from None
        finally:
            part.unlink(missing_ok=True)


def _made(folder: Path) -> None:
    """Make a folder and those that it lies in; each stands durably in the one above."""
    for each in reversed([folder, *folder.parents]):
        if not each.exists():
            each.mkdir(exist_ok=True)
            sync_folder(each.parent)


def access() -> Access:
    """How buckets that take deliveries are reached: never with the keys of the archives. Raises BadTarget."""
    chosen = current()
    if not chosen.delivery_s3_access_key:
        raise BadTarget("a delivery to a bucket needs keys of its own: see the settings delivery_s3_…")
    return Access(
        chosen.delivery_s3_endpoint, chosen.delivery_s3_region, chosen.delivery_s3_access_key,
        chosen.delivery_s3_secret_key,
    )  # fmt: skip


class Bucket:
    """Objects below a prefix, with keys that are for deliveries alone."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._store = store_of(bucket, prefix.strip("/"), access())

    def size(self, name: str) -> int | None:
        """Bytes of the object."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            return int(obstore.head(self._store, name)["size"])
        except FileNotFoundError:
            return None
        except (BaseError, OSError):
            raise UpstreamFailed from None

    def put(self, name: str, pieces: Iterator[bytes]) -> None:
        """In parts; the object appears when all have arrived."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            obstore.put(self._store, name, pieces)
        except (BaseError, OSError):
            raise UpstreamFailed from None
