"""Remarks by those who handle an application, at any time after it was submitted: for the committee, or for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from gateway.errors import Invalid
from gateway.governance import guards, telling
from gateway.governance.models import Application
from gateway.governance.paperwork import LONGEST, Audience, Remark
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record


def remark(
    db: Session, *, by: Account, application: Application, text: str, audience: Audience, now: datetime
) -> Remark:
    """Add a remark; nothing takes it back. The record tells that there is one and for whom, not what it says.

    Raises WrongState for a draft, OwnApplication, Conflicted, RoleNeeded, Invalid.
    """
    guards.may_remark(application, by)
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise Invalid(f"Write your remark, in {LONGEST} characters or fewer.")
    made = Remark(application_id=application.id, by=by, audience=Audience(audience).value, text=words, made_at=now)
    db.add(made)
    db.flush()
    detail = {"remark": made.id, "audience": made.audience}
    record(db, action="remark.made", actor=acting(by), now=now, subject=application.id, detail=detail)
    if made.audience == Audience.APPLICANTS:
        telling.remarked(db, application=application, now=now)
    return made


def remarks_seen_by(db: Session, application: Application, account: Account) -> Sequence[Remark]:
    """Of an application that the account may see the remarks that are for it, oldest first.

    Index: ix_remark_application_id_made_at.
    """
    found = select(Remark).where(Remark.application_id == application.id).options(selectinload(Remark.by))
    if not guards.on_the_committee_side(application, account):
        found = found.where(Remark.audience == Audience.APPLICANTS)
    return db.scalars(found.order_by(Remark.made_at, Remark.id)).all()
