"""Who has said yes, and who has said no. Patients stand here as keyed hashes: these lists name nobody."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base

GIVEN, WITHDRAWN = "given", "withdrawn"


class OptOutList(Base):
    """One list of people who said no: whose it is, and of what day. Its rows are added to, or replaced as a whole."""

    __tablename__ = "opt_out_list"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    dated: Mapped[date]
    imported_at: Mapped[datetime]
    held: Mapped[int]


class OptOut(Base):
    """A patient whose data are not to be used for research, as a list says."""

    __tablename__ = "opt_out"

    patient: Mapped[str] = mapped_column(String(64), primary_key=True)  # HMAC of site and patient ID, or NHS number
    list_name: Mapped[str] = mapped_column(ForeignKey("opt_out_list.name"), primary_key=True, index=True)
    since: Mapped[datetime]


class PatientConsent(Base):
    """What a patient of a site has agreed to, in one version of the text: terms of data use, from when, until when."""

    __tablename__ = "patient_consent"
    __table_args__ = (CheckConstraint(f"state in ('{GIVEN}', '{WITHDRAWN}')", name="state"),)

    patient: Mapped[str] = mapped_column(String(64), primary_key=True)  # HMAC of site and patient ID
    version: Mapped[str] = mapped_column(String(200), primary_key=True)
    site: Mapped[str] = mapped_column(String(20), index=True)  # its code
    terms: Mapped[list[str]] = mapped_column(JSON)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime | None] = mapped_column(index=True)  # not inside
    state: Mapped[str] = mapped_column(String(10))
    changed_at: Mapped[datetime]


class ConsentEpoch(Base):
    """One row: a number that rises with every change, so that whatever was cached before is dead at once."""

    __tablename__ = "consent_epoch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    since: Mapped[datetime]
