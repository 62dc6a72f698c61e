"""What exists: sites, their archives, and in these studies, series, instances; datasets gather studies.

These tables hold the archive's own identifiers. They never leave the gateway: releases go through a manifest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id

INDEXED, BROKEN, GONE = "indexed", "broken", "gone"
TWO_PATIENTS = "its study names another patient elsewhere"
SAME_UID = "another object of the site has the same UID"


class Site(Base):
    """A hospital or laboratory that holds slides."""

    __tablename__ = "site"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))


class Custodian(Base):
    """That an account answers for a site's data: its yes is needed where the workflow asks the sites."""

    __tablename__ = "site_custodian"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True, index=True)
    since: Mapped[datetime]

    site: Mapped[Site] = relationship(lazy="joined")


class Archive(Base):
    """Where a site's objects are, and how to reach them."""

    __tablename__ = "archive"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    uri: Mapped[str] = mapped_column(String(500))
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    added_at: Mapped[datetime]

    site: Mapped[Site] = relationship(lazy="joined")


class Study(Base):
    """One study of one patient, as the archive knows them."""

    __tablename__ = "study"
    __table_args__ = (UniqueConstraint("archive_id", "uid"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    archive_id: Mapped[str] = mapped_column(ForeignKey("archive.id"))
    uid: Mapped[str] = mapped_column(String(64), index=True)
    patient_id: Mapped[str] = mapped_column(String(64), index=True)


class Series(Base):
    """One series: for a slide, its pyramid with label and overview."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("study_id", "uid"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"))
    uid: Mapped[str] = mapped_column(String(64))
    modality: Mapped[str] = mapped_column(String(16))
    body_part: Mapped[str] = mapped_column(String(64), default="")
    stain: Mapped[str] = mapped_column(String(200), default="")

    study: Mapped[Study] = relationship()


class Instance(Base):
    """One object of an archive: indexed, broken (with the reason, which names nobody), or gone."""

    __tablename__ = "instance"
    __table_args__ = (
        UniqueConstraint("archive_id", "locator"),
        CheckConstraint(f"state in ('{INDEXED}', '{BROKEN}', '{GONE}')", name="state"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    archive_id: Mapped[str] = mapped_column(ForeignKey("archive.id"))
    series_id: Mapped[str | None] = mapped_column(ForeignKey("series.id"), index=True)
    locator: Mapped[str] = mapped_column(String(500))
    size: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200), default="")
    header_sha256: Mapped[str] = mapped_column(String(64), default="")
    uid: Mapped[str] = mapped_column(String(64), default="", index=True)
    sop_class: Mapped[str] = mapped_column(String(64), default="")
    image_type: Mapped[list[str]] = mapped_column(JSON, default=list)
    modality: Mapped[str] = mapped_column(String(16), default="")
    transfer_syntax: Mapped[str] = mapped_column(String(64), default="")
    burned_in: Mapped[str] = mapped_column(String(16), default="")
    label_in_image: Mapped[str] = mapped_column(String(16), default="")
    manufacturer: Mapped[str] = mapped_column(String(64), default="")
    model: Mapped[str] = mapped_column(String(64), default="")
    instance_number: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    columns: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int] = mapped_column(default=0)
    total_columns: Mapped[int] = mapped_column(default=0)
    ground: Mapped[list[Any] | None] = mapped_column(JSON)  # of a slide, what of the glass it covers (pixels/ground.py)
    frame_count: Mapped[int] = mapped_column(default=0)

    series: Mapped[Series | None] = relationship()


class FrameTable(Base):
    """The packed frame index of an instance, apart from it because it can be large."""

    __tablename__ = "frame_table"

    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class Screening(Base):
    """What was seen in an instance's pixels, under which rules and models. `marks`: [frame, kind, l, t, r, b] each.

    Never changed: a decision of people is a screening of its own, and the newest one counts.
    """

    __tablename__ = "screening"
    __table_args__ = (
        CheckConstraint("state in ('clean', 'redacted', 'review', 'failed', 'withheld')", name="state"),
        Index("ix_screening_instance_id_screened_at", "instance_id", "screened_at"),
        Index("ix_screening_content_sha256", "content_sha256"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"))
    version: Mapped[str] = mapped_column(String(80))
    content_sha256: Mapped[str] = mapped_column(String(64), default="")  # of what it was seen in (contents.py)
    rules_sha256: Mapped[str] = mapped_column(String(64))
    model_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), index=True)
    reason: Mapped[str] = mapped_column(String(200), default="")
    fault: Mapped[str] = mapped_column(String(60), default="")  # of a failed one, the code of what went wrong
    marks: Mapped[list[Any]] = mapped_column(JSON, default=list)
    rounds: Mapped[int] = mapped_column(default=0)
    replaced: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes of frames that take the place of the archive's
    people: Mapped[int] = mapped_column(default=0)  # how many decided it; 0: the machine alone
    screened_at: Mapped[datetime]


class ScreenedFrame(Base):
    """A part of a frame that takes the place of the archive's, both numbered from 0; `length` is that of its data."""

    __tablename__ = "screened_frame"

    screening_id: Mapped[str] = mapped_column(ForeignKey("screening.id"), primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    length: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Dataset(Base):
    """What a researcher can ask for: some studies of one archive, described in words."""

    __tablename__ = "dataset"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    archive_id: Mapped[str] = mapped_column(ForeignKey("archive.id"))
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"))
    terms: Mapped[list[str]] = mapped_column(JSON, default=list)
    deid_policy: Mapped[str] = mapped_column(String(100), default="")
    added_at: Mapped[datetime]

    archive: Mapped[Archive] = relationship(lazy="joined")
    site: Mapped[Site] = relationship(lazy="joined")


class DatasetStudy(Base):
    """One study of a dataset."""

    __tablename__ = "dataset_study"

    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"), primary_key=True, index=True)
