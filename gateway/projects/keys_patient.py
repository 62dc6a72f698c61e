"""The key of one patient in one project: without it, nothing that the project saw leads back to the patient.

It is random, kept wrapped, and enters all that is derived for this patient: pseudonym, UIDs and date shift.
Forgetting it leaves a row that says only that there was one, so that it is never made again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.deid.keys import ProjectKeys
from gateway.errors import Conflict, Withheld
from gateway.projects.keys import data_master, derived, first_data_master, project_secret, unwrapped
from gateway.projects.models import PatientKey

PATIENT_KEY_BYTES = 32
Whose = tuple[str, str]  # a site's code, and a patient's ID there


class PatientForgotten(Withheld):
    """The patient withdrew from this project for good."""

    code = "patient-forgotten"
    title = "The patient has withdrawn, and the key to the patient's data is destroyed."


class NoPatientKey(Withheld):
    """Nothing of this patient was released in this project."""

    code = "no-patient-key"
    title = "There is no key for this patient in this project, so nothing can be released."


class AlreadyForgotten(Conflict):
    """A patient is forgotten once."""

    code = "patient-already-forgotten"
    title = "This patient is forgotten in this project already"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A project's secrets, opened once for many patients."""

    project_id: str
    secret: bytes = field(repr=False)
    wrapping: bytes = field(repr=False)

    def row_id(self, site: str, patient_id: str) -> str:
        """The keyed hash under which a patient's key is kept: the table names nobody."""
        told = f"patient\0{site}\0{patient_id.strip()}".encode()
        return hmac.new(self.secret, told, hashlib.sha256).hexdigest()

    def patient(self, db: Session, *, site: str, patient_id: str) -> ProjectKeys:
        """The keys for one patient of a site. Raises NoPatientKey, PatientForgotten. Index: pk_patient_key."""
        row = db.get(PatientKey, (self.project_id, self.row_id(site, patient_id)))
        if row is None:
            raise NoPatientKey
        return self._keys(row, site)

    def patients(self, db: Session, whose: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, ProjectKeys]]:
        """(site, patient ID, keys) of those (site, patient ID) that have a key; the table is read once."""
        rows = {row.patient: row for row in db.scalars(select(PatientKey).filter_by(project_id=self.project_id))}
        for site, patient_id in whose:
            row = rows.get(self.row_id(site, patient_id))
            if row is not None and row.wrapped is not None:
                yield site, patient_id, self._keys(row, site)

    def wrapped(self, db: Session, whose: Collection[Whose]) -> dict[Whose, bytes | None]:
        """The wrapped keys of those that ever had one; None of the forgotten. Index: pk_patient_key."""
        names = {each: self.row_id(*each) for each in whose}
        rows = self._rows(db, set(names.values()))
        return {each: rows[name] for each, name in names.items() if name in rows}

    def opened(self, wrapped: Mapping[Whose, bytes | None]) -> dict[Whose, ProjectKeys]:
        """The keys of those that are not forgotten."""
        return {each: self._opened(key, each[0]) for each, key in wrapped.items() if key is not None}

    def make(self, db: Session, whose: Collection[Whose], *, now: datetime) -> None:
        """Make the keys of those that never had one."""
        names = {self.row_id(*each) for each in whose}
        for name in sorted(names - self._rows(db, names).keys()):
            wrapped = aes_key_wrap(self.wrapping, secrets.token_bytes(PATIENT_KEY_BYTES))
            db.add(PatientKey(project_id=self.project_id, patient=name, wrapped=wrapped, made_at=now))
        db.flush()

    def _rows(self, db: Session, names: Collection[str]) -> dict[str, bytes | None]:
        here = (PatientKey.project_id == self.project_id, PatientKey.patient.in_(names))
        return {row.patient: row.wrapped for row in db.scalars(select(PatientKey).where(*here))}

    def destroy(self, db: Session, *, site: str, patient_id: str, now: datetime) -> None:
        """Destroy a patient's key, or see to it that there never is one. Raises AlreadyForgotten."""
        name = self.row_id(site, patient_id)
        row = db.get(PatientKey, (self.project_id, name), with_for_update=True)
        if row is None:
            row = PatientKey(project_id=self.project_id, patient=name, made_at=now)
            db.add(row)
        if row.forgotten_at is not None:
            raise AlreadyForgotten
        row.wrapped, row.forgotten_at = None, now
        db.flush()

    def _keys(self, row: PatientKey, site: str) -> ProjectKeys:
        if row.wrapped is None:
            raise PatientForgotten
        return self._opened(row.wrapped, site)

    def _opened(self, wrapped: bytes, site: str) -> ProjectKeys:
        own = unwrapped(self.wrapping, wrapped)
        return ProjectKeys(derived(self.secret + own, b"slidegate patient 1"), site)


def key_ring(db: Session, project_id: str) -> KeyRing:
    """The ring of a project for reading. Raises what `data_master` raises."""
    return _ring(data_master(db), project_id)


def first_key_ring(db: Session, project_id: str, *, now: datetime) -> KeyRing:
    """The ring of a project for building: the first one of all makes the data master."""
    return _ring(first_data_master(db, now=now), project_id)


def _ring(master: bytes, project_id: str) -> KeyRing:
    return KeyRing(project_id, project_secret(master, project_id), wrapping_key(master))


def wrapping_key(master: bytes) -> bytes:
    """The key that wraps every patient's key."""
    return derived(master, b"slidegate patient key wrapping 1")
