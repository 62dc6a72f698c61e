"""The newest signed statement of how much the record holds, to be printed on pages for whoever keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.trail.sequencer import newest
from gateway.trail.witnesses import note_of


@dataclass(frozen=True, slots=True)
class Seal:
    """The number of events, the root of the tree over them (base64), and the note itself, cosignatures and all."""

    size: int
    at: datetime
    root: str
    note: str


def seal(db: Session) -> Seal | None:
    """The newest one; None before the first."""
    signed = newest(db)
    return Seal(signed.size, signed.at, signed.root, note_of(db, signed)) if signed else None
