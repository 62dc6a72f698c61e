"""From an instance to its bytes."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy.orm import Session

from gateway.archive.connect import Archive, ArchiveError, connect
from gateway.catalogue.models import INDEXED, Instance
from gateway.catalogue.models import Archive as ArchiveRow
from gateway.dicom.source import ByteSource


@lru_cache(maxsize=64)
def _connected(uri: str) -> Archive:
    return connect(uri)


def open_source(db: Session, instance: Instance) -> ByteSource:
    """The bytes of an instance, as they were when it was indexed. Raises ArchiveError if they have changed."""
    row = db.get(ArchiveRow, instance.archive_id)
    if row is None or instance.state != INDEXED:
        raise ArchiveError("the archive no longer has this object")
    connected = _connected(row.uri)
    source = connected.open(instance.locator)
    if source.size != instance.size or connected.version(instance.locator) != instance.version:
        source.close()
        raise ArchiveError("the object has changed since it was indexed: index the archive again")
    return source
