"""Where bytes come from: the small promise that every archive keeps, and how a URI finds its connector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from gateway.dicom.source import ByteSource
from gateway.errors import Invalid


class ArchiveError(Invalid):
    """The archive cannot be used as it is named."""

    code = "archive-error"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object of an archive. `version` changes whenever its bytes may have changed."""

    locator: str
    size: int
    version: str


class Archive(Protocol):
    """A place that holds DICOM objects. Nothing is ever written to it."""

    def objects(self) -> Iterator[ObjectRef]:
        """Every object, in a stable order. Raises ArchiveError if the archive cannot be listed."""
        ...

    def open(self, locator: str) -> ByteSource:
        """The bytes of one object. Raises ArchiveError if it is not there."""
        ...

    def version(self, locator: str) -> str:
        """The version that the object has now. Raises ArchiveError if it is not there."""
        ...


def connect(uri: str) -> Archive:
    """The archive at a URI: `folder:/path` (taken as it is), `file:///path`, or a plain path. Raises ArchiveError."""
    from gateway.archive.folder import FolderArchive

    scheme, colon, rest = uri.partition(":")
    if not colon or "/" in scheme:
        return FolderArchive(uri)
    if scheme == "folder":
        return FolderArchive(rest)
    if scheme == "file":
        return FolderArchive(unquote(urlsplit(uri).path))
    raise ArchiveError(f"no connector is known for {scheme}: archives")
