"""Co-applicants: invited by email address with a link that works once, and part of the team once they accept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from marshmallow import ValidationError, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.governance import guards
from gateway.governance.models import Application, Invitation, State
from gateway.governance.states import touch
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.models import Event
from gateway.trail.record import record

GOOD_FOR = timedelta(days=14)
MOST = 20
MOST_A_DAY = 40  # letters to strangers that one person may have sent, also to those taken back


class NoSuchInvitation(NotFound):
    """Unknown, used, taken back or too old: all look the same."""

    code = "invitation-not-found"
    title = "This invitation does not exist, has been used, or is too old. Ask for a new one"


class Judges(Forbidden):
    """Whoever has a part in judging an application cannot join it."""

    code = "judges-it"
    title = "You have a part in judging this application, so you cannot join it"


class InvitedAlready(Conflict):
    """One address, one invitation."""

    code = "invited-already"
    title = "This person is invited already; take the invitation back to make a new one"


def invite(db: Session, *, by: Account, application: Application, email: str, now: datetime) -> tuple[Invitation, str]:
    """Invite somebody to a draft; gives the secret of the link, which is nowhere kept.

    Raises NotYours, WrongState, InvitedAlready, Invalid.
    """
    guards.is_applicant(application, by)
    guards.in_state(application, State.DRAFT)
    address = email.strip().lower()
    try:
        validate.Email()(address)
    except ValidationError:
        raise Invalid("Enter an email address.") from None
    if address == by.email.lower():
        raise Invalid("You are the applicant; invite somebody else.")
    if len(application.invitations) >= MOST:
        raise Invalid(f"Invite {MOST} people or fewer.")
    if any(each.email == address for each in application.invitations):
        raise InvitedAlready
    if _too_many(db, by, now):
        raise Invalid(f"You invited {MOST_A_DAY} people within a day; invite more tomorrow.")
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(email=address, secret_sha256=_digest(secret), made_at=now, ends_at=now + GOOD_FOR)
    application.invitations.append(invitation)
    touch(db, application, touched_at=now)
    _record(db, invitation, "invitation.made", by, now)
    return invitation, secret


def _too_many(db: Session, by: Account, now: datetime) -> bool:
    """Whether as many letters as a person may send went out within a day. Index: ix_trail_event_actor_seq."""
    made = select(Event.at).where(Event.actor_id == by.id, Event.action == "invitation.made")
    earliest = db.scalar(made.order_by(Event.seq.desc()).offset(MOST_A_DAY - 1).limit(1))
    return earliest is not None and now - earliest < timedelta(days=1)


def take_back(db: Session, *, by: Account, application: Application, invitation_id: str, now: datetime) -> None:
    """Take an invitation back, or a co-applicant off a draft. Raises NotYours, WrongState, NoSuchInvitation."""
    guards.is_applicant(application, by)
    guards.in_state(application, State.DRAFT)
    found = next((each for each in application.invitations if each.id == invitation_id), None)
    if found is None:
        raise NoSuchInvitation
    _record(db, found, "invitation.taken-back", by, now)
    application.invitations.remove(found)
    db.delete(found)
    touch(db, application, touched_at=now)


def invitation_of(db: Session, secret: str, now: datetime) -> Invitation:
    """The open invitation of this link. Raises NoSuchInvitation. Index: uq_invitation_secret_sha256."""
    found = db.scalar(select(Invitation).where(Invitation.secret_sha256 == _digest(secret)))
    live = (State.DRAFT, State.SUBMITTED, State.IN_REVIEW)
    if found is None or found.accepted_at is not None or now >= found.ends_at or found.application.state not in live:
        raise NoSuchInvitation
    return found


def accept(db: Session, *, by: Account, secret: str, now: datetime) -> Application:
    """Join the application; from then on one sees it and judges it never. Raises NoSuchInvitation, Judges."""
    invitation = invitation_of(db, secret, now)
    application = invitation.application
    if by.id == application.applicant_id or by in application.co_applicants:
        raise InvitedAlready("You are part of this application already.")
    if by.id in has_a_part(application):
        raise Judges
    invitation.accepted_by, invitation.accepted_at = by, now
    touch(db, application, touched_at=now)
    _record(db, invitation, "invitation.accepted", by, now)
    return application


def carry_over(*, source: Application, to: Application, now: datetime) -> None:
    """Let those who accepted for one application be part of the one that follows from it."""
    for each in source.invitations:
        if each.accepted_by is not None:
            to.invitations.append(
                Invitation(
                    email=each.email,
                    secret_sha256=_digest(secrets.token_urlsafe(32)),  # a link that nobody has
                    made_at=now,
                    ends_at=now,
                    accepted_by=each.accepted_by,
                    accepted_at=each.accepted_at,
                )
            )


def stays_on(application: Application, former: Account, *, now: datetime) -> None:
    """Keep a former lead as one who applies with the others."""
    if any(each.accepted_by_id == former.id for each in application.invitations):
        return
    address = former.email.lower()
    place = next((each for each in application.invitations if each.email == address), None)
    if place is None:
        place = Invitation(email=address, secret_sha256=_digest(secrets.token_urlsafe(32)), made_at=now, ends_at=now)
        application.invitations.append(place)
    place.accepted_by, place.accepted_at = former, now


def has_a_part(application: Application) -> set[str]:
    """Everybody who was asked, answered, voted or decided, here or in the rounds before."""
    return {each.reviewer_id for each in application.reviews} | guards.judges(application)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _record(db: Session, invitation: Invitation, action: str, by: Account, now: datetime) -> None:
    db.flush()
    personal = {"email": invitation.email}
    subject = invitation.application_id
    record(db, action=action, actor=acting(by), now=now, subject=subject, personal=personal)
