"""A release and its manifest: the frozen list of what a grant opens, under names that mean nothing outside it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id
from gateway.projects.models import Project

LISTING, CHECKING, SEALED = "listing", "checking", "sealed"  # see building.py
OPEN = text("undecided")


class Release(Base):
    """What one grant releases. Policies are named with the hash of the text that was applied.

    Nothing of it can be read before it is sealed. `listed` is how long its list is, as far as it is written.
    """

    __tablename__ = "data_release"
    __table_args__ = (CheckConstraint(f"state in ('{LISTING}', '{CHECKING}', '{SEALED}')", name="state"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    grant_id: Mapped[str] = mapped_column(ForeignKey("access_grant.id"), unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=LISTING)
    built_at: Mapped[datetime]
    consent_epoch: Mapped[int]
    consent_sha256: Mapped[str] = mapped_column(String(64))
    deid_policy: Mapped[str] = mapped_column(String(100))
    deid_sha256: Mapped[str] = mapped_column(String(64))
    pixels_sha256: Mapped[str] = mapped_column(String(64))
    model_sha256: Mapped[str] = mapped_column(String(64))  # of what looked at the pixels
    listed: Mapped[int] = mapped_column(default=0)
    released: Mapped[int] = mapped_column(default=0)
    withheld: Mapped[int] = mapped_column(default=0)


class ManifestEntry(Base):
    """One instance of a release: released, or withheld with the reason. `facts` are its de-identified attributes.

    `undecided` while the release is being built and the header has not been tried.
    With `stand_in` a label of our own takes the place of its pixels.
    `refused_texts` are keyed hashes of its free texts that other headers of the study forbid (study.py).
    `facts` maps eight-digit tags to DICOM JSON (PS3.18 F.2); it is what searches answer from.
    """

    __tablename__ = "manifest_entry"
    __table_args__ = (
        Index("ix_manifest_entry_release_id_series_uid", "release_id", "series_uid"),
        Index("ix_manifest_entry_in_order", "release_id", "study_uid", "series_uid", "position"),
        Index("ix_manifest_entry_release_id_position", "release_id", "position"),
        Index("ix_manifest_entry_study_uid", "study_uid"),
        Index("ix_manifest_entry_undecided", "release_id", "position", sqlite_where=OPEN, postgresql_where=OPEN),
    )

    release_id: Mapped[str] = mapped_column(ForeignKey("data_release.id"), primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64))
    series_uid: Mapped[str] = mapped_column(String(64))
    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"), index=True)
    site: Mapped[str] = mapped_column(String(20), default="")  # the code of the site that it comes from
    position: Mapped[int]
    undecided: Mapped[bool] = mapped_column(default=False)
    released: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200), default="")
    flavour: Mapped[str] = mapped_column(String(16), default="")
    transfer_syntax: Mapped[str] = mapped_column(String(64), default="")
    frame_count: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    screening_id: Mapped[str | None] = mapped_column(ForeignKey("screening.id"))
    stand_in: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    refused_texts: Mapped[list[str]] = mapped_column(JSON, default=list)


class Reidentification(Base):
    """One wish to know which patient a pseudonym stands for. The answer is shown, and never kept."""

    __tablename__ = "reidentification"
    __table_args__ = (CheckConstraint("allowed_by is null or allowed_by <> asked_by", name="two_people"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    pseudonym: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(40))
    asked_by: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    allowed_by: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    allowed_at: Mapped[datetime | None]
    refused_by: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    refused_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class DestructionOrder(Base):
    """What a project has to destroy of a patient who withdrew: under released names only, as the project knows them."""

    __tablename__ = "destruction_order"
    __table_args__ = (
        CheckConstraint("because in ('opt-out', 'consent', 'forgotten')", name="because"),
        Index("ix_destruction_order_confirmed_at_made_at", "confirmed_at", "made_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    because: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime]
    pseudonym: Mapped[str] = mapped_column(String(64))
    studies: Mapped[list[str]] = mapped_column(JSON)
    instances: Mapped[list[str]] = mapped_column(JSON)
    confirmed_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    confirmed_at: Mapped[datetime | None]
    destroyed_on: Mapped[date | None]
    statement: Mapped[str] = mapped_column(Text, default="")

    project: Mapped[Project] = relationship(lazy="joined")


class Annotation(Base):
    """A shape that a member drew on a slide of a release, for the project: GeoJSON in pixels of the largest level."""

    __tablename__ = "annotation"
    __table_args__ = (Index("ix_annotation_release_id_series_uid", "release_id", "series_uid"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    release_id: Mapped[str] = mapped_column(ForeignKey("data_release.id"))
    series_uid: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    made_at: Mapped[datetime]
    label: Mapped[str] = mapped_column(String(100), default="")
    geometry: Mapped[dict[str, Any]] = mapped_column(JSON)


class AccessChange(Base):
    """How often whatever decides on access has changed: one row, counted by triggers (changes.py)."""

    __tablename__ = "access_change"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]


class Delivery(Base):
    """A release copied to a folder or bucket, on behalf of the member who gets it."""

    __tablename__ = "delivery"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    release_id: Mapped[str] = mapped_column(ForeignKey("data_release.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    destination: Mapped[str] = mapped_column(String(500))
    begun_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class DeliveryBand(Base):
    """Some fifty places of the manifest, delivered by one work item; done once all of it that may leave is there."""

    __tablename__ = "delivery_band"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[str] = mapped_column(String(16))
    done_at: Mapped[datetime | None]


class Delivered(Base):
    """One instance that lies at the destination, whole, with the digest of what was written."""

    __tablename__ = "delivered"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
