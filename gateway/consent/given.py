"""Consents of patients: take a list of them, and ask whether one is in force."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.consent.duo import Part, Term
from gateway.consent.epochs import bump
from gateway.consent.models import GIVEN, WITHDRAWN, OptOut, PatientConsent
from gateway.consent.patients import Patient, patient_key
from gateway.errors import Invalid
from gateway.trail.record import Actor, record

PORTION = 5000
LONGEST_VERSION = 200
Case = tuple[Patient, bool]  # a patient, and whether a consent is needed
OPTED_OUT = "The patient has said no to research use."
NOT_IN_FORCE = "The patient's consent has ended, was withdrawn, or has not begun."
NO_LONGER = "The patient does not agree to research use any more."
NONE_GIVEN = "Consent is needed for these data, and none of this patient is kept."


@dataclass(frozen=True, slots=True)
class Row:
    """One consent as a file tells it. `where` names its place in the file, such as "line 3"."""

    where: str
    patient_id: str
    version: str
    terms: tuple[Term, ...]
    starts: datetime
    ends: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `stopped` are the keys of patients who were in force before, and no longer are."""

    new: int
    changed: int
    same: int
    withdrawn: int
    stopped: frozenset[str] = frozenset()


def import_consents(
    db: Session, *, by: Actor, master: bytes, site: str, rows: Iterable[Row], now: datetime, replace: bool = False
) -> Imported:
    """Take the consents of a site, all or none. A patient's consent in the same version of the text is replaced.

    With `replace` the rows are the whole list of the site: what is not among them counts as withdrawn.
    Raises Invalid, which names the place in the file and never the patient.
    """
    wanted: dict[tuple[str, str], Row] = {}
    for row in rows:
        _check(row)
        key = (patient_key(master, site, row.patient_id), row.version)
        if key in wanted:
            raise Invalid(f"{row.where}: the same patient and version stand in the file twice")
        wanted[key] = row
    there = {(each.patient, each.version): each for each in _kept(db, site, wanted, replace)}
    before = frozenset(key for (key, _), each in there.items() if _runs(each, now))
    gone = [each for key, each in there.items() if key not in wanted and each.state == GIVEN]
    different = [(key, row) for key, row in wanted.items() if key not in there or not _same(there[key], row)]
    if different or gone:
        bump(db, now)
    for (patient, version), row in different:
        _put(db, there.get((patient, version)), patient, version, site, row, now)
    for each in gone:
        each.state, each.changed_at = WITHDRAWN, now
    db.flush()
    new = sum(key not in there for key, _ in different)
    stopped = frozenset(before - _in_force(db, before, now))
    done = Imported(new, len(different) - new, len(wanted) - len(different), len(gone), stopped)
    detail = {
        "site": site, "new": new, "changed": done.changed, "same": done.same, "withdrawn": done.withdrawn,
        "versions": dict(sorted(Counter(row.version for row in wanted.values()).items())),
    }  # fmt: skip
    record(db, action="consent.imported", actor=by, now=now, detail=detail)
    return done


def _check(row: Row) -> None:
    if not row.patient_id.strip():
        raise Invalid(f"{row.where}: the patient ID is empty")
    if not row.version or len(row.version) > LONGEST_VERSION:
        raise Invalid(f"{row.where}: name the version of the consent text, in at most {LONGEST_VERSION} characters")
    if row.ends is not None and row.ends <= row.starts:
        raise Invalid(f"{row.where}: the consent ends before it begins")
    if row.state == GIVEN and not any(each.definition.part == Part.PERMISSION for each in row.terms):
        raise Invalid(f"{row.where}: no term says for what kind of research the data may be used")


def _kept(db: Session, site: str, wanted: Collection[tuple[str, str]], replace: bool) -> Iterator[PatientConsent]:
    """What is kept of these patients; of the whole site where the list is replaced. Index: ix_patient_consent_site."""
    if replace:
        yield from db.scalars(select(PatientConsent).where(PatientConsent.site == site))
        return
    for portion in _portions({patient for patient, _ in wanted}):
        found = db.scalars(select(PatientConsent).where(PatientConsent.patient.in_(portion)))
        yield from (each for each in found if (each.patient, each.version) in wanted)


def _portions(keys: Iterable[str]) -> Iterator[list[str]]:
    """A database binds only so many values."""
    left = iter(keys)
    while portion := list(islice(left, PORTION)):
        yield portion


def _same(kept: PatientConsent, row: Row) -> bool:
    told = ([str(each) for each in row.terms], row.starts, row.ends, row.state)
    return (kept.terms, kept.starts_at, kept.ends_at, kept.state) == told


def _put(
    db: Session, kept: PatientConsent | None, patient: str, version: str, site: str, row: Row, now: datetime
) -> None:
    if kept is None:
        kept = PatientConsent(patient=patient, version=version, site=site)
        db.add(kept)
    kept.terms, kept.state, kept.changed_at = [str(each) for each in row.terms], row.state, now
    kept.starts_at, kept.ends_at = row.starts, row.ends


def _runs(kept: PatientConsent, now: datetime) -> bool:
    return kept.state == GIVEN and kept.starts_at <= now and (kept.ends_at is None or now < kept.ends_at)


def _in_force(db: Session, keys: Iterable[str], now: datetime) -> set[str]:
    found: set[str] = set()
    for portion in _portions(keys):
        rows = db.scalars(select(PatientConsent).where(PatientConsent.patient.in_(portion)))
        found |= {each.patient for each in rows if _runs(each, now)}
    return found


def in_force(db: Session, patient: str, now: datetime) -> Sequence[PatientConsent]:
    """The consents of a patient, by key, that hold at this moment. Index: pk_patient_consent."""
    return [each for each in _of(db, patient) if _runs(each, now)]


def consents_in_force(db: Session, site: str, now: datetime) -> dict[str, set[tuple[str, ...]]]:
    """Patient key -> the terms of each consent that holds, of a whole site. Index: ix_patient_consent_site."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for each in db.scalars(select(PatientConsent).where(PatientConsent.site == site)):
        if _runs(each, now):
            found.setdefault(each.patient, set()).add(tuple(each.terms))
    return found


def _of(db: Session, patient: str) -> Sequence[PatientConsent]:
    return db.scalars(select(PatientConsent).where(PatientConsent.patient == patient)).all()


def refusal(db: Session, patient: Patient, *, explicit: bool, now: datetime) -> str:
    """Why nothing of a patient may be released at this moment; nothing if it may. Indexes: pk_opt_out and consent's.

    Whoever opted out is left out. Where a consent is kept, one has to be in force, whether or not one is needed.
    """
    if db.scalar(select(OptOut.patient).where(OptOut.patient.in_(patient.keys)).limit(1)) is not None:
        return OPTED_OUT
    return _refusal(_of(db, patient.own), explicit, now)


def _refusal(kept: Sequence[PatientConsent], explicit: bool, now: datetime) -> str:
    if not kept:
        return NONE_GIVEN if explicit else ""
    return "" if any(_runs(each, now) for each in kept) else NOT_IN_FORCE


def refusals(db: Session, asked: Collection[Case], *, now: datetime) -> dict[Case, str]:
    """The same of many at once. Indexes: pk_opt_out, pk_patient_consent."""
    opted_out, kept = set[str](), defaultdict[str, list[PatientConsent]](list)
    for portion in _portions({key for patient, _ in asked for key in patient.keys}):
        opted_out |= set(db.scalars(select(OptOut.patient).where(OptOut.patient.in_(portion))))
    for portion in _portions({patient.own for patient, _ in asked}):
        for each in db.scalars(select(PatientConsent).where(PatientConsent.patient.in_(portion))):
            kept[each.patient].append(each)
    return {
        (patient, explicit): _refusal(kept.get(patient.own, ()), explicit, now)
        if opted_out.isdisjoint(patient.keys)
        else OPTED_OUT
        for patient, explicit in asked
    }
