"""Opt-outs: import a list, ask about a patient."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.consent.epochs import bump
from gateway.consent.models import OptOut
from gateway.consent.patients import patient_key
from gateway.errors import Invalid
from gateway.trail.record import Actor, record

PORTION = 5000


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
    if keys - there:
        bump(db, now)
    db.add_all(OptOut(patient=key, since=now) for key in keys - there)
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
