"""What the members of a project, and those who watch over it, are told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.notices.commands import tell
from gateway.notices.models import Kind
from gateway.people.models import Account
from gateway.people.queries import accounts
from gateway.people.roles import permissions_of
from gateway.projects.models import Membership

STEWARD = "application.triage"  # who may this accepts what a project reports


def tell_members(
    db: Session,
    *,
    project_id: str,
    kind: Kind,
    text: str,
    now: datetime,
    but: str = "",
    once: str | None = None,
    page: str = "",
) -> None:
    """Tell everybody on the project but the account that did it; it leads to the project, or a page below it."""
    query = select(Account).join(Membership, Membership.account_id == Account.id)
    to = [each for each in db.scalars(query.where(Membership.project_id == project_id)) if each.id != but]
    tell(db, to=to, kind=kind, text=text, href=f"/projects/{project_id}{page}", now=now, once=once)


def ask_to_sign(db: Session, *, project_id: str, agreement: str, now: datetime) -> None:
    """Ask everybody on the project to sign this agreement (its SHA-256); of each version once."""
    text = f"Before you see data of project {reference(project_id)}, sign its agreement"
    once = f"sign:{project_id}:{agreement[:32]}"
    tell_members(db, project_id=project_id, kind=Kind.SIGN, text=text, now=now, once=once, page="/agreement")


def tell_stewards(
    db: Session, *, project_id: str, kind: Kind, text: str, now: datetime, once: str | None = None
) -> None:
    """Tell the stewards who are not on the project."""
    own = set(db.scalars(select(Membership.account_id).where(Membership.project_id == project_id)))
    to = [each for each in accounts(db) if each.id not in own and STEWARD in permissions_of(each)]
    tell(db, to=to, kind=kind, text=text, href=f"/projects/{project_id}", now=now, once=once)


def reference(project_id: str) -> str:
    """A short name to say on the telephone."""
    return f"{project_id[:4]}-{project_id[4:8]}".upper()
