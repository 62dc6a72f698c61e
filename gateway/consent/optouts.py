"""Opt-outs: add to a list or replace it, ask about a patient, and tell how old the lists are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gateway.consent.epochs import bump
from gateway.consent.models import OptOut, OptOutList
from gateway.consent.patients import national_key, nhs_number, patient, patient_key
from gateway.errors import Invalid
from gateway.trail.record import Actor, record

PORTION = 5000
OWN, NATIONAL = "opt-outs", "national"


@dataclass(frozen=True, slots=True)
class Listing:
    """Which list it is: its name, who keeps it, and of what day it is (today if that is not told)."""

    name: str = OWN
    source: str = ""
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a list: people who are new on it, who were on it before, and who are off it now."""

    new: int
    known: int
    gone: int
    added: frozenset[str] = frozenset()


def import_optouts(
    db: Session,
    *,
    by: Actor,
    master: bytes,
    rows: Iterable[tuple[str, str]],
    sites: Iterable[str],
    now: datetime,
    listing: Listing = Listing(),  # frozen
    replace: bool = False,
) -> Taken:
    """Take (site code, patient ID) pairs, all or none; with `replace` they are the whole list.

    Raises Invalid, which names the line.
    """
    known = set(sites)
    keys: set[str] = set()
    for line, (site, patient_id) in enumerate(rows, 2):
        if site not in known:
            raise Invalid(f"line {line}: there is no site of that code")
        if not patient_id.strip():
            raise Invalid(f"line {line}: the patient ID is empty")
        keys.add(patient_key(master, site, patient_id))
    return _take(db, by, keys, listing, replace, now)


def import_national(
    db: Session,
    *,
    by: Actor,
    master: bytes,
    lines: Iterable[str],
    now: datetime,
    listing: Listing = Listing(NATIONAL),  # frozen
    replace: bool = False,
) -> Taken:
    """Take NHS numbers, one a line, all or none; with `replace` they are the whole list.

    Raises Invalid, which names the line.
    """
    keys: set[str] = set()
    for line, text in enumerate(lines, 1):
        told = text.strip().removesuffix(",")
        if not told:
            continue
        number = nhs_number(told)
        if number is None:
            raise Invalid(f"line {line}: this is no NHS number: ten digits, of which the last checks the others")
        keys.add(national_key(master, number))
    return _take(db, by, keys, listing, replace, now)


def _take(db: Session, by: Actor, keys: set[str], listing: Listing, replace: bool, now: datetime) -> Taken:
    dated = listing.dated or now.date()
    if dated > now.date():
        raise Invalid("The list is of a day that has not come yet.")
    _put_list(db, listing, dated, now)
    there = _on(db, keys, listing.name)
    off = _everybody_on(db, listing.name) - keys if replace else set()
    if keys - there or off:
        bump(db, now)
    db.add_all(OptOut(patient=key, list_name=listing.name, since=now) for key in keys - there)
    for portion in _portions(off):
        db.execute(delete(OptOut).where(OptOut.list_name == listing.name, OptOut.patient.in_(portion)))
    db.flush()
    held = db.scalar(select(func.count()).where(OptOut.list_name == listing.name).select_from(OptOut)) or 0
    db.get_one(OptOutList, listing.name).held = held
    detail = {
        "list": listing.name, "source": listing.source, "dated": dated.isoformat(), "held": held,
        "new": len(keys - there), "known": len(there), "gone": len(off),
    }  # fmt: skip
    record(db, action="optout.imported", actor=by, now=now, detail=detail)
    return Taken(len(keys - there), len(there), len(off), frozenset(keys - there))


def _put_list(db: Session, listing: Listing, dated: date, now: datetime) -> None:
    if not listing.name.strip() or len(listing.name) > 60 or len(listing.source) > 200:
        raise Invalid("A list has a name of at most 60 characters, and a source of at most 200.")
    row = db.get(OptOutList, listing.name)
    if row is None:
        row = OptOutList(name=listing.name, source="", held=0)
        db.add(row)
    elif dated < row.dated:
        raise Invalid("A newer list of that name is there already.")
    row.source, row.dated, row.imported_at = listing.source or row.source, dated, now
    db.flush()


def _portions(keys: Iterable[str]) -> Iterator[list[str]]:
    """A database binds only so many values."""
    left = iter(keys)
    while portion := list(islice(left, PORTION)):
        yield portion


def _on(db: Session, keys: Collection[str], name: str) -> set[str]:
    """Those who are on the list already."""
    found: set[str] = set()
    for portion in _portions(keys):
        found |= set(db.scalars(select(OptOut.patient).where(OptOut.list_name == name, OptOut.patient.in_(portion))))
    return found


def _everybody_on(db: Session, name: str) -> set[str]:
    """Index: ix_opt_out_list_name."""
    return set(db.scalars(select(OptOut.patient).where(OptOut.list_name == name)))


def is_opted_out(db: Session, *, master: bytes, site: str, patient_id: str) -> bool:
    """Whether this patient has said no, on any list. Index: pk_opt_out."""
    keys = patient(master, site, patient_id).keys
    return db.scalar(select(OptOut.patient).where(OptOut.patient.in_(keys)).limit(1)) is not None
