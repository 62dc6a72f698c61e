"""Who has said no. Patients stand here as keyed hashes: the list of those who opted out names nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base


class OptOut(Base):
    """A patient of a site whose data are not to be used for research."""

    __tablename__ = "opt_out"

    patient: Mapped[str] = mapped_column(String(64), primary_key=True)  # HMAC of site and patient ID
    since: Mapped[datetime]


class ConsentEpoch(Base):
    """One row: a number that rises with every change, so that whatever was cached before is dead at once."""

    __tablename__ = "consent_epoch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
