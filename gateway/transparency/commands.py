"""Saying something about a use of the data, answering it in time, and stopping the use because of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, Invalid
from gateway.people.models import Account
from gateway.people.roles import permissions_of
from gateway.people.tokens import acting
from gateway.projects.grant_changes import not_a_member, suspend
from gateway.projects.models import Grant, Project
from gateway.settings import current
from gateway.trail.record import record
from gateway.transparency import telling
from gateway.transparency.models import Concern, Kind, State

RAISE, ANSWER, STOP = "concern.raise", telling.ANSWER, "grant.revoke"


class NotYourPart(Forbidden):
    """No role of the account allows it."""

    code = "concern-not-for-you"
    title = "Your roles do not allow this"


class OwnConcern(Forbidden):
    """Nobody answers themselves."""

    code = "own-concern"
    title = "You raised this, so somebody else has to answer it"


class AnsweredAlready(Conflict):
    """Somebody was faster; an answer stands as it was given."""

    code = "concern-answered"
    title = "This has been answered already"


class NoConcern(Conflict):
    """A question or a comment stops nobody."""

    code = "not-a-concern"
    title = "Access is suspended only for a concern"


class NothingToSuspend(Conflict):
    """No grant of the project lets anybody in."""

    code = "nothing-to-suspend"
    title = "This project has no access that could be suspended"


def raise_concern(db: Session, *, by: Account, project: Project, kind: Kind, text: str, now: datetime) -> Concern:
    """Say something about a project's use of the data; but for a comment, an answer is due after `concern_days`.

    Raises NotYourPart, Invalid without a text.
    """
    _allowed(by, RAISE)
    said = text.strip()
    if not said:
        raise Invalid("Say what it is about.")
    due = None if kind == Kind.COMMENT else now + timedelta(days=current().concern_days)
    concern = Concern(
        project=project,
        kind=kind.value,
        state=(State.NOTED if due is None else State.OPEN).value,
        text=said,
        raised_by_id=by.id,
        raised_at=now,
        due_at=due,
    )
    db.add(concern)
    db.flush()
    detail = {"kind": kind.value, "due": due.isoformat() if due else None}
    _record(db, "raised", concern, by, now, detail, personal={"text": said})
    telling.raised(db, concern=concern, now=now)
    return concern


def answer(db: Session, *, by: Account, concern: Concern, text: str, now: datetime) -> None:
    """A steward's answer, given once. Raises NotYourPart, OwnProject, OwnConcern, Invalid, AnsweredAlready."""
    _judges(db, by, concern)
    said = text.strip()
    if not said:
        raise Invalid("Write an answer.")
    late = concern.overdue(now)
    _settle(db, concern, state=State.ANSWERED.value, answer=said, answered_by_id=by.id, answered_at=now)
    _record(db, "answered", concern, by, now, {"late": late}, personal={"answer": said})
    telling.answered(db, concern=concern, now=now)


def suspend_for(db: Session, *, by: Account, concern: Concern, now: datetime) -> list[Grant]:
    """Suspend every live grant of the project, with an open concern as the reason; gives those grants.

    Raises NotYourPart, OwnProject, OwnConcern, NoConcern, AnsweredAlready, NothingToSuspend.
    """
    _judges(db, by, concern)
    _allowed(by, STOP)
    if concern.kind != Kind.CONCERN:
        raise NoConcern
    live = [each for each in concern.project.grants if _live(each, now)]
    if not live:
        raise NothingToSuspend
    _settle(db, concern, suspended_at=now)
    for grant in live:
        suspend(db, by=acting(by), grant=grant, reason=f"A concern was raised: {concern.text}", now=now)
    _record(db, "suspended", concern, by, now, {"grants": sorted(each.id for each in live)})
    return live


def _allowed(account: Account, permission: str) -> None:
    if permission not in permissions_of(account):
        raise NotYourPart


def _judges(db: Session, by: Account, concern: Concern) -> None:
    _allowed(by, ANSWER)
    not_a_member(db, concern.project_id, by)
    if by.id == concern.raised_by_id:
        raise OwnConcern


def _live(grant: Grant, now: datetime) -> bool:
    return grant.revoked_at is None and grant.suspended_at is None and grant.ends_at > now


def _settle(db: Session, concern: Concern, **values: object) -> None:
    """Change a concern that nobody has answered; of two who answer at once, one does."""
    changed = db.execute(
        update(Concern)
        .where(Concern.id == concern.id, Concern.state != State.ANSWERED.value)
        .values(**values)
        .returning(Concern.id)
    ).scalar_one_or_none()
    if changed is None:
        raise AnsweredAlready
    db.refresh(concern)


def _record(
    db: Session,
    step: str,
    concern: Concern,
    by: Account,
    now: datetime,
    detail: Mapping[str, object],
    *,
    personal: Mapping[str, str] | None = None,
) -> None:
    record(
        db,
        action=f"concern.{step}",
        actor=acting(by),
        now=now,
        project=concern.project_id,
        subject=concern.id,
        detail=detail,
        personal=personal,
    )
