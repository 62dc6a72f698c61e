"""An application gets another lead: one of those who apply with them, who has to accept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid, NotFound
from gateway.governance import guards, telling
from gateway.governance.inviting import Judges, has_a_part, stays_on
from gateway.governance.models import Application, State
from gateway.governance.paperwork import HandOver, HandOverState
from gateway.governance.states import touch
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record

STATES = (State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.RETURNED)


class NoHandOver(NotFound):
    """None waits, or it waits for somebody else."""

    code = "no-hand-over"
    title = "Nobody asks you to lead this application now"


class HandOverWaits(Conflict):
    """One at a time."""

    code = "hand-over-waits"
    title = "Somebody has been asked to lead this application already; take that back first"


class NotAnApplicant(Invalid):
    """Only somebody who applies with them can become the lead."""

    code = "not-a-co-applicant"
    title = "Choose somebody who has accepted an invitation to apply with you"


def hand_over(db: Session, *, by: Account, application: Application, to_id: str, reason: str, now: datetime) -> None:
    """Ask a co-applicant to lead the application from now on: its lead does, or a steward once it was submitted.

    Raises NotYours, WrongState, NotAnApplicant, HandOverWaits, Invalid, and what may_judge raises.
    """
    guards.may_hand_over(application, by)
    guards.in_state(application, *STATES)
    to = next((each for each in application.co_applicants if each.id == to_id), None)
    if to is None or to.id == application.applicant_id or to.closed_at is not None:
        raise NotAnApplicant
    if not reason.strip():
        raise Invalid("Say why somebody else is to lead it: it is kept with the application.")
    if waiting(db, application) is not None:
        raise HandOverWaits
    asked = HandOver(
        application=application, from_id=application.applicant_id, to=to, proposed_by_id=by.id,
        reason=reason.strip()[:1000], proposed_at=now, state=HandOverState.WAITING.value,
    )  # fmt: skip
    db.add(asked)
    touch(db, application)
    _record(db, asked, "application.hand-over.asked", by, now)
    telling.asked_to_lead(db, application=application, to=to, now=now)


def accept(db: Session, *, by: Account, application: Application, now: datetime) -> None:
    """Become the lead. The former one stays a co-applicant, and whoever has a say declares their interest anew.

    Raises NoHandOver, also for somebody who was taken off meanwhile, and WrongState; and Judges for somebody who has a
    part in judging it, however that came about.
    """
    asked = _to_answer(db, application, by)
    guards.in_state(application, *STATES)
    if by not in application.co_applicants:
        raise NoHandOver
    if by.id in has_a_part(application):
        raise Judges
    former = application.applicant
    _answer(db, asked, HandOverState.ACCEPTED, now)
    stays_on(application, former, now=now)
    touch(db, application, applicant_id=by.id, touched_at=now)
    _record(db, asked, "application.handed-over", by, now)
    telling.handed_over(db, application=application, former=former, now=now)


def decline(db: Session, *, by: Account, application: Application, now: datetime) -> None:
    """Say no: everything stays as it is. Raises NoHandOver."""
    asked = _to_answer(db, application, by)
    _answer(db, asked, HandOverState.DECLINED, now)
    touch(db, application)
    _record(db, asked, "application.hand-over.declined", by, now)


def take_back(db: Session, *, by: Account, application: Application, now: datetime) -> None:
    """Ask no longer; whoever may ask may. Raises NotYours, NoHandOver, and what may_judge raises."""
    guards.may_hand_over(application, by)
    asked = waiting(db, application)
    if asked is None:
        raise NoHandOver
    _answer(db, asked, HandOverState.TAKEN_BACK, now)
    touch(db, application)
    _record(db, asked, "application.hand-over.taken-back", by, now)


def waiting(db: Session, application: Application) -> HandOver | None:
    """The one that nobody has answered. Index: ix_hand_over_waiting."""
    found = select(HandOver).where(HandOver.application_id == application.id)
    return db.scalar(found.where(HandOver.state == HandOverState.WAITING))


def handed_over(db: Session, application: Application) -> list[HandOver]:
    """Those that were accepted, oldest first. Index: ix_hand_over_application_id_proposed_at."""
    found = select(HandOver).where(HandOver.application_id == application.id)
    accepted = found.where(HandOver.state == HandOverState.ACCEPTED)
    return list(db.scalars(accepted.order_by(HandOver.proposed_at, HandOver.id)))


def _to_answer(db: Session, application: Application, by: Account) -> HandOver:
    asked = waiting(db, application)
    if asked is None or asked.to_id != by.id:
        raise NoHandOver
    return asked


def _answer(db: Session, asked: HandOver, state: HandOverState, now: datetime) -> None:
    asked.state, asked.answered_at = state.value, now
    db.flush()  # it is what lets the database give way to another lead


def _record(db: Session, asked: HandOver, action: str, by: Account, now: datetime) -> None:
    db.flush()
    detail, personal = {"from": asked.from_id, "to": asked.to_id}, {"reason": asked.reason}
    subject = asked.application_id
    record(db, action=action, actor=acting(by), now=now, subject=subject, detail=detail, personal=personal)
