"""Signing the agreement: each member for themselves, with their name and their password, under a text that is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid
from gateway.people.models import Account
from gateway.people.reaffirming import Reaffirmed
from gateway.people.tokens import acting
from gateway.projects.conditions import NotOnProject
from gateway.projects.models import Membership, Project, Signature
from gateway.projects.queries import membership
from gateway.projects.readiness import agreements_of
from gateway.trail.record import record


class AnotherText(Conflict):
    """What was read is not what is asked for (any more)."""

    code = "agreement-changed"
    title = "The agreement of this project is not the one that you read: read it again"


class NotYourName(Invalid):
    """A signature is the name of whoever signs."""

    code = "not-your-name"
    title = "Type your name as your account has it"


def place_of(db: Session, *, project: Project, account_id: str) -> Membership:
    """The place of whoever may sign, asked before their password is. Raises NotOnProject."""
    place = membership(db, project.id, account_id)
    if place is None:
        raise NotOnProject
    return place


def sign(db: Session, *, owner: Reaffirmed, project: Project, agreement: str, name: str, now: datetime) -> Signature:
    """This member agrees to the text of that SHA-256. A second time changes nothing.

    Raises NotOnProject, AnotherText, NotYourName.
    """
    place = place_of(db, project=project, account_id=owner.account_id)
    db.refresh(place, with_for_update=True)
    found = next((each for each in agreements_of(db, project.id, now) if each.sha256 == agreement), None)
    if found is None:
        raise AnotherText
    account = db.get_one(Account, owner.account_id)
    if " ".join(name.split()).casefold() != " ".join(account.name.split()).casefold():
        raise NotYourName
    before = db.get(Signature, (project.id, account.id, agreement))
    if before is not None:
        return before
    signature = Signature(
        project_id=project.id, account_id=account.id, agreement_sha256=agreement, name=account.name, signed_at=now
    )
    db.add(signature)
    db.flush()
    record(
        db,
        action="agreement.signed",
        actor=acting(account),
        now=now,
        project=project.id,
        subject=account.id,
        detail={"agreement": found.name, "version": found.version, "sha256": agreement},
        personal={"name": account.name},
    )
    return signature
