"""What may happen to a grant while it lives: suspend, resume, extend. Each bumps its epoch, so that caches die."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, Invalid
from gateway.notices.models import Kind
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects.blocking import nobody_is_blocked
from gateway.projects.grants import ProjectClosed
from gateway.projects.models import Grant
from gateway.projects.queries import membership
from gateway.projects.readiness import Needs
from gateway.projects.telling import ask_to_sign, reference, tell_members
from gateway.trail.record import Actor, record


class NotLive(Conflict):
    """Revoked, ended, suspended already, or not suspended at all."""

    code = "grant-not-live"
    title = "Access does not stand where this step begins; look at it again"


class OwnProject(Forbidden):
    """Nobody lifts a suspension, accepts a condition or checks the end of their own project."""

    code = "own-project"
    title = "You are part of this project, so somebody else has to do this"


def not_a_member(db: Session, project_id: str, account: Account) -> None:
    """Raises OwnProject if the account is on the project."""
    if membership(db, project_id, account.id) is not None:
        raise OwnProject


def suspend(db: Session, *, by: Actor, grant: Grant, reason: str, now: datetime) -> None:
    """Stop the grant for a time; what runs under it stops. Raises Invalid without a reason, NotLive."""
    reason = reason.strip()[:500]
    if not reason:
        raise Invalid("Say why access is suspended.")
    live = (Grant.suspended_at.is_(None), Grant.ends_at > now)
    epoch = _change(db, grant, *live, suspended_at=now, suspended_because=reason)
    _record(db, grant, "grant.suspended", by=by, now=now, detail={"epoch": epoch}, personal={"reason": reason})
    _tell(db, grant, Kind.SUSPENDED, "is suspended", by=by, now=now)


def resume(db: Session, *, by: Account, grant: Grant, now: datetime) -> None:
    """Let a suspended grant admit its members again. Raises OwnProject, NotLive, ProjectClosed."""
    not_a_member(db, grant.project_id, by)
    if grant.project.closure is not None:
        raise ProjectClosed
    epoch = _change(db, grant, Grant.suspended_at.is_not(None), suspended_at=None, suspended_because=None)
    _record(db, grant, "grant.resumed", by=acting(by), now=now, detail={"epoch": epoch})
    _tell(db, grant, Kind.ACCESS, "is open again", by=acting(by), now=now)


def extend(db: Session, *, by: Actor, grant: Grant, ends: datetime, needs: Needs, now: datetime) -> None:
    """Let the grant end later, under what is asked of members now: if that is another text, they sign it first.

    A suspended one stays suspended. Raises Invalid, NotLive, ProjectClosed, Blocked.
    """
    if grant.project.closure is not None:
        raise ProjectClosed
    nobody_is_blocked(db, project_id=grant.project_id, datasets=grant.dataset_ids, now=now)
    if ends <= grant.ends_at:
        raise Invalid("A grant is extended to a later end.")
    asked = {"agreement_sha256": needs.agreement or grant.agreement_sha256, "training": list(needs.training)}
    epoch = _change(db, grant, Grant.ends_at > now, ends_at=ends, **asked)
    detail = {"epoch": epoch, "ends": ends.isoformat(), "agreement": needs.agreement, "training": asked["training"]}
    _record(db, grant, "grant.extended", by=by, now=now, detail=detail)
    _tell(db, grant, Kind.ACCESS, f"is longer now: until {ends:%Y-%m-%d %H:%M} UTC", by=by, now=now)
    if needs.agreement is not None:
        ask_to_sign(db, project_id=grant.project_id, agreement=needs.agreement, now=now)


def _change(db: Session, grant: Grant, *still: ColumnElement[bool], **values: Any) -> int:
    """Change the grant if it still is as it must be; gives its new epoch. Raises NotLive."""
    changed = db.execute(
        update(Grant)
        .where(Grant.id == grant.id, Grant.revoked_at.is_(None), *still)
        .values(epoch=Grant.epoch + 1, **values)
        .returning(Grant.epoch)
    ).scalar_one_or_none()
    if changed is None:
        raise NotLive
    db.refresh(grant)
    return int(changed)


def _record(db: Session, grant: Grant, action: str, *, by: Actor, now: datetime, **told: Any) -> None:
    record(db, action=action, actor=by, now=now, project=grant.project_id, subject=grant.id, **told)


def _tell(db: Session, grant: Grant, kind: Kind, words: str, *, by: Actor, now: datetime) -> None:
    text = f"Access of project {reference(grant.project_id)} {words}"
    tell_members(db, project_id=grant.project_id, kind=kind, text=text, now=now, but=by.id)
