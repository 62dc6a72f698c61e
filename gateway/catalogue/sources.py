"""From an instance to its bytes."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy.orm import Session

from gateway.archive.access import Access
from gateway.archive.connect import Archive, ArchiveError, connect
from gateway.catalogue.models import INDEXED, Instance
from gateway.catalogue.models import Archive as ArchiveRow
from gateway.dicom.source import ByteSource
from gateway.settings import current


def access() -> Access:
    """How this deployment reaches archives behind a network."""
    chosen = current()
    return Access(
        chosen.s3_endpoint, chosen.s3_region, chosen.s3_access_key, chosen.s3_secret_key, chosen.dicomweb_token,
        chosen.dicomweb_user, chosen.dicomweb_password, chosen.data_dir / "spool", chosen.spool_bytes,
    )  # fmt: skip


@lru_cache(maxsize=64)
def connected(uri: str, given: Access) -> Archive:
    """The archive at a URI, connected once in each process. Raises ArchiveError."""
    return connect(uri, given)


def open_source(db: Session, instance: Instance) -> ByteSource:
    """The bytes of an instance, as they were when it was indexed. Raises ArchiveError if they have changed."""
    row = db.get(ArchiveRow, instance.archive_id)
    if row is None or instance.state != INDEXED:
        raise ArchiveError("the archive no longer has this object")
    source = connected(row.uri, access()).open(instance.locator, instance.version, instance.size)
    if source.size != instance.size:
        source.close()
        raise ArchiveError("the object has changed since it was indexed: index the archive again")
    return source
