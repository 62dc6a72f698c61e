"""What is held back and why: objects that could not be read, and images that a release withheld. Nobody is named."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.catalogue.models import BROKEN, Archive, Instance
from gateway.release.models import ManifestEntry

SHOWN = 100  # objects of one reason


@dataclass(frozen=True, slots=True)
class Unread:
    """Objects of one archive that could not be read for one reason; `objects` are the first of their ids."""

    archive: str
    archive_id: str
    reason: str
    count: int
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Images withheld for one reason, and from how many releases."""

    reason: str
    images: int
    releases: int


def unread(db: Session) -> list[Unread]:
    """Unread objects by archive and reason, the most frequent first."""
    groups = db.execute(
        select(Archive.name, Archive.id, Instance.reason, func.count())
        .join(Instance, Instance.archive_id == Archive.id)
        .where(Instance.state == BROKEN)
        .group_by(Archive.name, Archive.id, Instance.reason)
        .order_by(func.count().desc(), Archive.name)
    )
    return [Unread(name, id_, reason, count, _first(db, id_, reason)) for name, id_, reason, count in groups]


def _first(db: Session, archive_id: str, reason: str) -> tuple[str, ...]:
    here = (Instance.archive_id == archive_id, Instance.reason == reason, Instance.state == BROKEN)
    return tuple(db.scalars(select(Instance.id).where(*here).order_by(Instance.id).limit(SHOWN)))


def withheld(db: Session) -> list[Withheld]:
    """Withheld images by reason, the most frequent first."""
    groups = db.execute(
        select(
            ManifestEntry.reason, func.count(ManifestEntry.instance_id.distinct()),
            func.count(ManifestEntry.release_id.distinct()),
        )
        .where(ManifestEntry.released.is_(False))
        .group_by(ManifestEntry.reason)
        .order_by(func.count(ManifestEntry.instance_id.distinct()).desc())
    )  # fmt: skip
    return [Withheld(*row) for row in groups]
