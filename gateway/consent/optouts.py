"""Opt-outs: import a list, ask about a patient, and the epoch by which caches know that something changed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.consent.models import ConsentEpoch, OptOut
from gateway.errors import Invalid
from gateway.trail.record import Actor, record

PORTION = 5000


def patient_key(master: bytes, site: str, patient_id: str) -> str:
    """The keyed hash that stands for a patient of a site; `master` is the master key."""
    return hmac.new(master, f"opt-out\0{site}\0{patient_id.strip()}".encode(), hashlib.sha256).hexdigest()


def import_optouts(
    db: Session, *, by: Actor, master: bytes, rows: Iterable[tuple[str, str]], sites: Iterable[str], now: datetime
) -> int:
    """Add (site code, patient ID) pairs; all or none. Gives how many are new. Raises Invalid naming the line."""
    known = set(sites)
    keys: set[str] = set()
    for line, (site, patient_id) in enumerate(rows, 2):
        if site not in known:
            raise Invalid(f"line {line}: there is no site of that code")
        if not patient_id.strip():
            raise Invalid(f"line {line}: the patient ID is empty")
        keys.add(patient_key(master, site, patient_id))
    there = _known(db, keys)
    db.add_all(OptOut(patient=key, since=now) for key in keys - there)
    if keys - there:
        _bump(db)
    record(db, action="optout.imported", actor=by, now=now, detail={"new": len(keys - there), "known": len(there)})
    return len(keys - there)


def _known(db: Session, keys: Collection[str]) -> set[str]:
    """Those that have opted out before; asked in portions, as a database binds only so many values."""
    found: set[str] = set()
    left = iter(keys)
    while portion := list(islice(left, PORTION)):
        found |= set(db.scalars(select(OptOut.patient).where(OptOut.patient.in_(portion))))
    return found


def is_opted_out(db: Session, *, master: bytes, site: str, patient_id: str) -> bool:
    """Whether this patient has said no. Index: pk_opt_out."""
    return db.get(OptOut, patient_key(master, site, patient_id)) is not None


def epoch(db: Session) -> int:
    """Rises with every change of consent; 0 before the first."""
    return db.scalar(select(ConsentEpoch.number).where(ConsentEpoch.id == 1)) or 0


def _bump(db: Session) -> None:
    row = db.get(ConsentEpoch, 1)
    if row is None:
        row = ConsentEpoch(id=1, number=0)
        db.add(row)
    row.number += 1
    db.flush()
