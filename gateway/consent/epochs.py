"""The epoch of consent: a number that is another as soon as anything changed, also by a date that has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.consent.models import ConsentEpoch, PatientConsent


def epoch(db: Session, now: datetime) -> int:
    """Rises with every change, and with every consent that has begun or ended since; 0 before the first.

    Indexes: ix_patient_consent_starts_at, ix_patient_consent_ends_at.
    """
    row = db.execute(select(ConsentEpoch.number, ConsentEpoch.since).where(ConsentEpoch.id == 1)).one_or_none()
    if row is None:
        return 0
    passed = (
        select(func.count()).where(moment > row.since, moment <= now).select_from(PatientConsent).scalar_subquery()
        for moment in (PatientConsent.starts_at, PatientConsent.ends_at)
    )
    return int(row.number + sum(db.execute(select(*passed)).one()))


def next_moment(db: Session, now: datetime) -> datetime | None:
    """When a consent next begins or ends by itself; None if none does."""
    moments = (
        db.scalar(select(func.min(moment)).where(moment > now))
        for moment in (PatientConsent.starts_at, PatientConsent.ends_at)
    )
    return min((each for each in moments if each is not None), default=None)


def bump(db: Session, now: datetime) -> None:
    """Begin a new epoch; called before the change itself, so that no number comes twice."""
    number = epoch(db, now) + 1
    row = db.get(ConsentEpoch, 1)
    if row is None:
        db.add(ConsentEpoch(id=1, number=number, since=now))
    else:
        row.number, row.since = number, max(row.since, now)
    db.flush()
