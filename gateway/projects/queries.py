"""Reading projects, members and grants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from gateway.people.models import Account
from gateway.projects.models import Grant, Membership, Project


def projects_of(db: Session, account_id: str) -> Sequence[Project]:
    """Projects that this account is a member of, newest first."""
    return db.scalars(
        select(Project)
        .join(Membership, Membership.project_id == Project.id)
        .where(Membership.account_id == account_id)
        .options(selectinload(Project.grants))
        .order_by(Project.created_at.desc(), Project.id)
    ).all()


def all_projects(db: Session) -> Sequence[Project]:
    """Every project, newest first."""
    statement = select(Project).options(selectinload(Project.grants))
    return db.scalars(statement.order_by(Project.created_at.desc(), Project.id)).all()


def project(db: Session, project_id: str) -> Project | None:
    """One project."""
    return db.get(Project, project_id)


def grant(db: Session, grant_id: str) -> Grant | None:
    """One grant."""
    return db.get(Grant, grant_id)


def membership(db: Session, project_id: str, account_id: str) -> Membership | None:
    """This account's place in the project."""
    return db.get(Membership, (project_id, account_id))


def grants_running(db: Session, now: datetime) -> Sequence[Grant]:
    """Grants that admit their members at this moment, soonest end first."""
    return db.scalars(
        select(Grant)
        .where(Grant.starts_at <= now, Grant.ends_at > now, Grant.revoked_at.is_(None))
        .where(Grant.suspended_at.is_(None))
        .order_by(Grant.ends_at)
    ).all()


def running_for(db: Session, account_id: str, now: datetime) -> Sequence[Grant]:
    """Grants that let this account in at this moment."""
    mine = set(db.scalars(select(Membership.project_id).where(Membership.account_id == account_id)))
    return [each for each in grants_running(db, now) if each.project_id in mine]


def account_of(db: Session, email: str) -> Account | None:
    """The account with this email address, in large or small letters."""
    return db.scalar(select(Account).where(func.lower(Account.email) == email.strip().lower()))
