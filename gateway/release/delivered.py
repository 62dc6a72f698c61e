"""What of a delivery is there, what is missing, and its sums; page by page, however many instances it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.db import reading
from gateway.release.models import Delivered, Delivery, DeliveryBand, ManifestEntry

PAGE = 1000  # rows in memory at once
BAND = 50  # instances of a work item


@dataclass(frozen=True, slots=True)
class Totals:
    """How much of a delivery is there."""

    images: int
    bytes: int


def name_of(entry: ManifestEntry) -> str:
    """Where an instance lies below the destination."""
    return f"{entry.study_uid}/{entry.series_uid}/{entry.uid}.dcm"


def missing(db: Session, delivery: Delivery, first: int, until: int | None = None) -> list[ManifestEntry]:
    """The first of the released instances between two places of the manifest that are not there.

    Index: ix_manifest_entry_release_id_position, pk_delivered.
    """
    name = ManifestEntry.study_uid + "/" + ManifestEntry.series_uid + "/" + ManifestEntry.uid + ".dcm"
    there = select(Delivered.name).where(Delivered.delivery_id == delivery.id, Delivered.name == name)
    asked = select(ManifestEntry).where(
        ManifestEntry.release_id == delivery.release_id, ManifestEntry.released, ManifestEntry.position >= first,
        ~there.exists(),
    )  # fmt: skip
    if until is not None:
        asked = asked.where(ManifestEntry.position < until)
    return list(db.scalars(asked.order_by(ManifestEntry.position).limit(BAND)))


def open_bands(db: Session, delivery_id: str) -> list[DeliveryBand]:
    """The bands that are not done. Index: pk_delivery_band."""
    asked = select(DeliveryBand).where(DeliveryBand.delivery_id == delivery_id, DeliveryBand.done_at.is_(None))
    return list(db.scalars(asked.order_by(DeliveryBand.first)))


def any_band(db: Session, delivery_id: str) -> list[DeliveryBand]:
    """One band, to end what has none that is open. Index: pk_delivery_band."""
    asked = select(DeliveryBand).where(DeliveryBand.delivery_id == delivery_id)
    return list(db.scalars(asked.order_by(DeliveryBand.first).limit(1)))


def sums(delivery_id: str) -> Iterator[bytes]:
    """The lines of SHA256SUMS, by name. Index: pk_delivered."""
    last = ""
    while True:
        with reading() as db:
            asked = select(Delivered.name, Delivered.sha256).where(
                Delivered.delivery_id == delivery_id, Delivered.name > last
            )
            page = list(db.execute(asked.order_by(Delivered.name).limit(PAGE)))
        if not page:
            return
        yield b"".join(f"{sha256}  {name}\n".encode("ascii") for name, sha256 in page)
        last = page[-1][0]


def totals(db: Session, delivery_id: str) -> Totals:
    """How many images and bytes are there. Index: pk_delivered."""
    counted = select(func.count(), func.coalesce(func.sum(Delivered.size), 0))
    images, size = db.execute(counted.where(Delivered.delivery_id == delivery_id)).one()
    return Totals(images, int(size))
