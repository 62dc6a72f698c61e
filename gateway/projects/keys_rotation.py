"""A new key-encryption key: rotate, and check that what is on the disk and in the database fit together.

The order makes a crash harmless: the new key is on the disk under another name before the database knows it;
the database opens to both before the file changes; the old one is shut out when the new one is in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gateway.db import reading, transaction
from gateway.projects.keys import BadMasterKey, add_data_key, opened_by, unwrapped
from gateway.projects.keys_file import KeyEncryptionKey, read_key, replace_key, rotating_alone, write_key
from gateway.projects.keys_patient import wrapping_key
from gateway.projects.models import DataKey, PatientKey
from gateway.settings import current
from gateway.trail.record import Actor, record


@dataclass(frozen=True, slots=True)
class Rotated:
    """Which key-encryption key made way for which: their public ids."""

    former: str
    present: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of all keys found."""

    kek_id: str
    made_at: datetime
    patients: int
    forgotten: int
    unfinished: bool


def next_file() -> Path:
    """Where the coming key waits until the database knows it."""
    path = current().master_key_file
    return path.with_name(f"{path.name}.next")


def rotate(*, by: Actor, now: datetime) -> Rotated:
    """Put a new key-encryption key in the place of the present one; every pseudonym and UID stays.

    A door of its own: the file may change only after the database has committed. A rotation that was cut off is
    carried on to its end first. Raises BadMasterKey, and then all is as it was.
    """
    path = current().master_key_file
    present = read_key(path)
    with rotating_alone(path):
        coming = _waiting() or _announced(present, by, now)
        replace_key(path, next_file())
        _retire_all_but(coming, by, now)
    return Rotated(present.id, coming.id)


def _waiting() -> KeyEncryptionKey | None:
    """The key of a rotation that was cut off after the database had learnt it."""
    if not next_file().exists():
        return None
    with reading() as db:
        try:
            coming = read_key(next_file())
            opened_by(db, coming)
        except BadMasterKey:
            return None  # cut off before: that key opens nothing, and a new one takes its place
    return coming


def _announced(present: KeyEncryptionKey, by: Actor, now: datetime) -> KeyEncryptionKey:
    """A new key, on the disk under its waiting name, to which the database opens too."""
    with reading() as db:
        opened_by(db, present)
    coming = write_key(next_file())
    with transaction() as db:
        add_data_key(db, coming, opened_by(db, present), now=now)
        told = {"former": present.id, "present": coming.id}
        record(db, action="keys.rotated", actor=by, now=now, subject=coming.id, detail=told)
    return coming


def _retire_all_but(kept: KeyEncryptionKey, by: Actor, now: datetime) -> None:
    """Shut out every other key, once the kept one is seen to open the database."""
    with transaction() as db:
        opened_by(db, kept)
        retired = sorted(db.scalars(delete(DataKey).where(DataKey.kek_id != kept.id).returning(DataKey.kek_id)))
        record(db, action="keys.retired", actor=by, now=now, subject=kept.id, detail={"retired": retired})


def check(db: Session) -> Checked:
    """Open everything once. Raises BadMasterKey at the first key that does not open."""
    kek = read_key(current().master_key_file)
    wrapping = wrapping_key(opened_by(db, kek))
    patients = 0
    for wrapped in db.scalars(
        select(PatientKey.wrapped).where(PatientKey.wrapped.is_not(None)).execution_options(yield_per=1000)
    ):
        assert wrapped is not None, "the query asks for those that are there"
        unwrapped(wrapping, wrapped)
        patients += 1
    forgotten = db.scalar(select(func.count()).select_from(PatientKey).where(PatientKey.wrapped.is_(None))) or 0
    own = db.get_one(DataKey, kek.id)
    others = db.scalar(select(func.count()).select_from(DataKey).where(DataKey.kek_id != kek.id)) or 0
    return Checked(kek.id, own.made_at, patients, forgotten, bool(others) or next_file().exists())
