"""Where bytes come from: the small promise that every archive keeps, and how a URI finds its connector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from gateway.archive.access import NOTHING, Access
from gateway.dicom.source import ByteSource
from gateway.errors import Invalid


class ArchiveError(Invalid):
    """The archive cannot be used as it is named."""

    code = "archive-error"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object of an archive. `version` changes whenever its bytes may have changed; `size` is -1 if not told."""

    locator: str
    size: int
    version: str


def same(found: str, wanted: str) -> None:
    """Raises ArchiveError unless an object has the version that is wanted, if any is."""
    if wanted and found != wanted:
        raise ArchiveError("the object has changed since it was indexed: index the archive again")


class Archive(Protocol):
    """A place that holds DICOM objects. Nothing is ever written to it."""

    def objects(self) -> Iterator[ObjectRef]:
        """Every object, in a stable order. Raises ArchiveError if the archive cannot be listed."""
        ...

    def open(self, locator: str, version: str = "", size: int = -1) -> ByteSource:
        """The bytes of one object, of this version if one is named. Raises ArchiveError if it is not there.

        Who says its size may be given a source of that size before all has come: reading it waits, and raises what the
        archive raises, ArchiveError if it turns out to have another size.
        """
        ...

    def version(self, locator: str) -> str:
        """The version that the object has now. Raises ArchiveError if it is not there."""
        ...


def connect(uri: str, access: Access = NOTHING) -> Archive:
    """The archive at a URI. Raises ArchiveError.

    A folder: `folder:/path` (taken as it is), `file:///path`, or a plain path. A bucket: `s3://bucket/prefix`. A
    DICOMweb service: `dicomweb+https://host/root`. No secret belongs into a URI: see `access`.
    """
    from gateway.archive.folder import FolderArchive

    scheme, colon, rest = uri.partition(":")
    if not colon or "/" in scheme:
        return FolderArchive(uri)
    if scheme == "folder":
        return FolderArchive(rest)
    if scheme == "file":
        return FolderArchive(unquote(urlsplit(uri).path))
    told = urlsplit(uri)
    if "@" in told.netloc:
        raise ArchiveError("a user or password must not stand in an archive's URI: give them in the settings")
    if scheme == "s3":
        from gateway.archive.objects import ObjectArchive

        return ObjectArchive(told.netloc, told.path, access)
    if scheme in ("dicomweb+https", "dicomweb+http"):
        from gateway.archive.dicomweb import DicomwebArchive

        return DicomwebArchive(uri.removeprefix("dicomweb+"), access)
    raise ArchiveError(f"no connector is known for {scheme}: archives")
