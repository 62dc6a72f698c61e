"""What an application is called elsewhere, as by a research ethics service: set by a steward, and found by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid
from gateway.governance import guards
from gateway.governance.models import EXTERNAL_ID, Application
from gateway.governance.states import touch
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record


class CalledSo(Conflict):
    """It has this reference."""

    code = "called-so-already"
    title = "This application has this outside reference already"


def assign_external_id(db: Session, *, by: Account, application: Application, external_id: str, now: datetime) -> None:
    """Give a submitted application its outside reference, or another; an empty one takes it away.

    Raises WrongState for a draft, CalledSo, Invalid, and what may_judge raises.
    """
    guards.is_steward(application, by)
    value = external_id.strip() or None
    if value is not None and (len(value) > EXTERNAL_ID or not value.isprintable()):
        raise Invalid(f"Enter the reference, in {EXTERNAL_ID} characters or fewer.")
    if value == application.external_id:
        raise CalledSo
    touch(db, application, external_id=value)
    detail = {"external_id": value}
    action = "application.external-id.assigned"
    record(db, action=action, actor=acting(by), now=now, subject=application.id, detail=detail)
