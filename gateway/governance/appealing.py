"""Appeals against a rejection: made once and in time, heard by somebody who had no say in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid
from gateway.governance import guards, telling
from gateway.governance.attaching import copy_files
from gateway.governance.inviting import carry_over
from gateway.governance.models import Appeal, AppealState, Application, Kind, State
from gateway.governance.states import move, touch
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record


class NoAppeal(Conflict):
    """The workflow has no appeal, it is too late, or there was one."""

    code = "no-appeal"
    title = "This decision can no longer be appealed against"


def may_appeal(application: Application, now: datetime) -> bool:
    """Whether the applicant can appeal now."""
    if application.state != State.REJECTED or application.appeal is not None:
        return False
    rules = guards.rules_of(application).appeal
    decided = application.closed_at
    return rules is not None and decided is not None and now < decided + timedelta(days=rules.days)


def appeal(db: Session, *, by: Account, application: Application, grounds: str, now: datetime) -> Appeal:
    """Appeal against a rejection. Raises NotYours, WrongState, NoAppeal, Invalid without grounds."""
    guards.is_applicant(application, by)
    guards.in_state(application, State.REJECTED)
    if not may_appeal(application, now):
        raise NoAppeal
    if not grounds.strip():
        raise Invalid("Say why the decision should be looked at again.")
    made = Appeal(application=application, grounds=grounds.strip(), state=AppealState.WAITING.value, made_at=now)
    db.add(made)
    touch(db, application)
    record(db, action="appeal.made", actor=acting(by), now=now, subject=application.id)
    telling.appealed(db, application=application, now=now)
    return made


def may_hear(application: Application, by: Account) -> Appeal:
    """The appeal that waits for this account. Raises NoAppeal, OwnApplication, Conflicted, RoleNeeded, ReviewedIt."""
    found, rules = application.appeal, guards.rules_of(application).appeal
    if found is None or rules is None or found.state != AppealState.WAITING:
        raise NoAppeal
    guards.may_judge(application, by, rules.role)
    if by.id in guards.judges(application):
        raise guards.ReviewedIt("You had a part in the rejection, so somebody else hears the appeal.")
    return found


def dismiss(db: Session, *, by: Account, application: Application, reasons: str, now: datetime) -> None:
    """The rejection stands. Needs reasons."""
    _decide(db, by=by, application=application, state=AppealState.DISMISSED, reasons=reasons, now=now)


def allow(db: Session, *, by: Account, application: Application, reasons: str, now: datetime) -> Application:
    """A new round with the same answers, form and rules; nobody who had a say in the rejection has one in it."""
    _decide(db, by=by, application=application, state=AppealState.ALLOWED, reasons=reasons, now=now)
    again = Application(
        applicant=application.applicant,
        kind=Kind.APPEAL.value,
        state=State.DRAFT.value,
        version=1,
        form_sha256=application.form_sha256,
        answers=dict(application.answers),
        started_at=now,
        revises=application,
        external_id=application.external_id,
        changes_id=application.changes_id,
    )
    db.add(again)
    db.flush()
    copy_files(db, source=application, to=again, now=now)
    carry_over(source=application, to=again, now=now)
    move(db, again, State.SUBMITTED, submitted_at=now, workflow_sha256=application.workflow_sha256)
    detail = {"after": application.id}
    record(db, action="application.reopened", actor=acting(by), now=now, subject=again.id, detail=detail)
    telling.submitted(db, application=again, now=now)
    return again


def _decide(
    db: Session, *, by: Account, application: Application, state: AppealState, reasons: str, now: datetime
) -> None:
    found = may_hear(application, by)
    guards.has_declared(application, by)
    if not reasons.strip():
        raise Invalid("Give your reasons: the applicant reads them.")
    found.state, found.reasons = state.value, reasons.strip()
    found.decided_by_id, found.decided_at = by.id, now
    touch(db, application)
    record(db, action=f"appeal.{state.value}", actor=acting(by), now=now, subject=application.id)
    telling.appeal_heard(db, application=application, state=state, now=now)
