"""Whose pseudonym is this? Two people who keep the data, and are not on the project, find out together, or nobody.

One asks, giving a reason; another allows it; then the one who asked sees the answer, once, before the question
expires. The answer is found by deriving the pseudonym of each patient of the project anew: it is never kept.
The trail has every step, and in it neither a patient nor a pseudonym.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway.deid.keys import ProjectKeys
from gateway.errors import Conflict, Forbidden, Invalid
from gateway.people.models import Account
from gateway.people.roles import permissions_of
from gateway.people.tokens import acting
from gateway.projects.keys_patient import key_ring
from gateway.projects.models import Membership, Project
from gateway.release.forgetting import NotAReason
from gateway.release.models import Reidentification
from gateway.release.queries import ClearPatient, patients_released_to
from gateway.trail.record import record

PERMISSION = "reidentify"
OPEN_FOR = timedelta(hours=24)
REASONS: Mapping[str, str] = {  # a closed list, so that no name gets on the trail
    "clinical-finding": "The research found something that matters for the patient's care",
    "patient-safety": "A mistake in the record or a mix-up of samples",
    "patient-asked": "The patient asked what was done with their data, or wants to withdraw",
    "ordered": "A court or a regulator ordered it",
}
_PSEUDONYM = re.compile(r"[A-Z2-7]{12}")


class NotForYou(Forbidden):
    """No role for it, a closed account, or a member of the project."""

    code = "reidentification-not-for-you"
    title = "Only data stewards and site custodians who are not on the project can take part in this"


class SecondPersonNeeded(Forbidden):
    """The one who asks and the one who allows are two."""

    code = "second-person-needed"
    title = "Somebody else must allow what you ask for"


class NotYours(Forbidden):
    """The answer is for the one who asked."""

    code = "reidentification-not-yours"
    title = "Only the person who asked sees the answer"


class NotAllowedYet(Conflict):
    """Nobody has allowed it so far."""

    code = "reidentification-not-allowed"
    title = "Nobody has allowed this yet"


class Expired(Conflict):
    """The question was open for a day."""

    code = "reidentification-expired"
    title = "This question has expired: ask again"


class Settled(Conflict):
    """Allowed, refused or answered already."""

    code = "reidentification-settled"
    title = "This question is settled already"


class NotAPseudonym(Invalid):
    """Twelve characters, as in the Patient ID of a released image."""

    code = "not-a-pseudonym"
    title = "Enter the 12 letters and digits of the Patient ID of a released image"


def ask_reidentification(
    db: Session, *, by: Account, project_id: str, pseudonym: str, reason: str, now: datetime
) -> Reidentification:
    """Put a question that somebody else must allow within a day. Raises NotForYou, NotAReason or NotAPseudonym."""
    if db.get(Project, project_id) is None:
        raise Invalid("Choose one of the projects.")
    _takes_part(db, by, project_id)
    if reason not in REASONS:
        raise NotAReason
    wanted = pseudonym.strip().upper()
    if not _PSEUDONYM.fullmatch(wanted):
        raise NotAPseudonym
    question = Reidentification(
        project_id=project_id, pseudonym=wanted, reason=reason, asked_by=by.id, asked_at=now, expires_at=now + OPEN_FOR
    )
    db.add(question)
    db.flush()
    _record(db, "asked", question, by, now, personal={"pseudonym": wanted})
    return question


def allow_reidentification(db: Session, *, by: Account, question: Reidentification, now: datetime) -> None:
    """The second person's yes. Raises SecondPersonNeeded, NotForYou, Expired or Settled."""
    _decides(db, by, question, now)
    _settle(db, question, allowed_by=by.id, allowed_at=now)
    _record(db, "allowed", question, by, now)


def refuse_reidentification(db: Session, *, by: Account, question: Reidentification, now: datetime) -> None:
    """The second person's no. Raises SecondPersonNeeded, NotForYou, Expired or Settled."""
    _decides(db, by, question, now)
    _settle(db, question, refused_by=by.id, refused_at=now)
    _record(db, "refused", question, by, now)


_SEAL = object()


@dataclass(frozen=True, slots=True)
class Leave:
    """Proof that two people agreed and that the record says so. Only `answer_reidentification` makes one."""

    project_id: str
    pseudonym: str
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("leave to see a patient comes from answer_reidentification")


def answer_reidentification(db: Session, *, by: Account, question: Reidentification, now: datetime) -> Leave:
    """Leave for the one who asked to see the answer, once; give it to `patient_behind` after the commit.

    Raises NotYours, NotForYou, NotAllowedYet, Expired or Settled.
    """
    if by.id != question.asked_by:
        raise NotYours
    second = db.get(Account, question.allowed_by) if question.allowed_by else None
    if second is None or second.id == by.id:
        raise NotAllowedYet
    for each in (by, second):
        _takes_part(db, each, question.project_id)
    if now >= question.expires_at:
        raise Expired
    taken = db.execute(
        update(Reidentification)
        .where(Reidentification.id == question.id, Reidentification.answered_at.is_(None))
        .values(answered_at=now)
        .returning(Reidentification.id)
    ).scalar_one_or_none()
    if taken is None:
        raise Settled
    _record(db, "answered", question, by, now)
    return Leave(question.project_id, question.pseudonym, seal=_SEAL)


def patient_behind(db: Session, leave: Leave) -> ClearPatient | None:
    """The patient, found anew; None if nobody in the project's releases has that pseudonym. Only reads.

    Derives the pseudonym of every patient, so it belongs outside a transaction that others wait for.
    """
    whose = [(each.site, each.patient_id) for each in patients_released_to(db, leave.project_id)]
    for site, patient_id, keys in key_ring(db, leave.project_id).patients(db, whose):
        if leave.pseudonym in _pseudonyms(keys, patient_id):
            return ClearPatient(site, patient_id)
    return None


def _takes_part(db: Session, account: Account, project_id: str) -> None:
    member = db.get(Membership, (project_id, account.id)) is not None
    if member or account.closed_at is not None or PERMISSION not in permissions_of(account):
        raise NotForYou


def _decides(db: Session, by: Account, question: Reidentification, now: datetime) -> None:
    _takes_part(db, by, question.project_id)
    if by.id == question.asked_by:
        raise SecondPersonNeeded
    if now >= question.expires_at:
        raise Expired


def _settle(db: Session, question: Reidentification, **how: object) -> None:
    """Of two who decide at once, one does."""
    done = db.execute(
        update(Reidentification)
        .where(
            Reidentification.id == question.id,
            Reidentification.allowed_by.is_(None),
            Reidentification.refused_by.is_(None),
        )
        .values(**how)
        .returning(Reidentification.id)
    ).scalar_one_or_none()
    if done is None:
        raise Settled
    db.refresh(question)


def _pseudonyms(keys: ProjectKeys, patient_id: str) -> Iterator[str]:
    """The pseudonym is derived from the bytes of the header, read as Latin 1, whatever its character set."""
    yield keys.pseudonym("patient", patient_id)
    yield keys.pseudonym("patient", patient_id.encode().decode("latin-1"))


def _record(
    db: Session,
    step: str,
    question: Reidentification,
    by: Account,
    now: datetime,
    *,
    personal: Mapping[str, str] | None = None,
) -> None:
    record(
        db,
        action=f"reidentification.{step}",
        actor=acting(by),
        now=now,
        project=question.project_id,
        subject=question.id,
        detail={"reason": question.reason},
        personal=personal,
    )
