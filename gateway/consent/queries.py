"""What is asked of consents as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from gateway.consent.models import GIVEN, PatientConsent


@dataclass(frozen=True, slots=True)
class SiteConsents:
    """How many consents of a site are kept, and how many of them are in force."""

    site: str
    kept: int
    in_force: int
    changed_at: datetime


def consents_by_site(db: Session, now: datetime) -> Sequence[SiteConsents]:
    """Each site of which consents are kept, by its code. Index: ix_patient_consent_site."""
    holds = (
        (PatientConsent.state == GIVEN)
        & (PatientConsent.starts_at <= now)
        & (PatientConsent.ends_at.is_(None) | (PatientConsent.ends_at > now))
    )
    asked = select(
        PatientConsent.site, func.count(), func.sum(case((holds, 1), else_=0)), func.max(PatientConsent.changed_at)
    ).group_by(PatientConsent.site)
    return [SiteConsents(*row) for row in db.execute(asked.order_by(PatientConsent.site))]
