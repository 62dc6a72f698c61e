"""Reading projects, members and grants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.projects.models import Grant, Membership, Project

TO_CHOOSE = 200  # of a list in a form


def page_of_projects(db: Session, page: int, *, member: str | None = None) -> Page[Project]:
    """A page of every project, or of those of a member, newest first. Index: ix_project_created_at."""
    asked = select(Project).order_by(Project.created_at.desc(), Project.id)
    if member is not None:
        asked = asked.join(Membership, Membership.project_id == Project.id).where(Membership.account_id == member)
    grants = selectinload(Project.grants).selectinload(Grant.datasets)
    more = (selectinload(each) for each in (Project.memberships, Project.closure, Project.conditions))
    return page_of(db, asked.options(grants, *more), page)


def titles(db: Session, named: str = "") -> Sequence[tuple[str, str]]:
    """The ids and titles of the newest projects, of those whose title holds some text. Index: ix_project_created_at."""
    asked = select(Project.id, Project.title).where(Project.title.icontains(named.strip(), autoescape=True))
    return [(row[0], row[1]) for row in db.execute(asked.order_by(Project.created_at.desc()).limit(TO_CHOOSE))]


def titles_of(db: Session, ids: Collection[str]) -> dict[str, str]:
    """The titles of some projects by their ids."""
    return {row[0]: row[1] for row in db.execute(select(Project.id, Project.title).where(Project.id.in_(ids)))}


def projects_of(db: Session, account_id: str) -> Sequence[Project]:
    """Projects that this account is a member of, newest first."""
    return db.scalars(
        select(Project)
        .join(Membership, Membership.project_id == Project.id)
        .where(Membership.account_id == account_id)
        .options(selectinload(Project.grants))
        .order_by(Project.created_at.desc(), Project.id)
    ).all()


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
    return db.scalars(_running(now)).all()


def _running(now: datetime) -> Select[Grant]:
    here = Grant.starts_at <= now, Grant.ends_at > now, Grant.revoked_at.is_(None), Grant.suspended_at.is_(None)
    return select(Grant).where(*here).order_by(Grant.ends_at)


def running_for(db: Session, account_id: str, now: datetime) -> Sequence[Grant]:
    """Grants that let this account in at this moment."""
    mine = select(Membership.project_id).where(Membership.account_id == account_id)
    return db.scalars(_running(now).where(Grant.project_id.in_(mine))).all()


def account_of(db: Session, email: str) -> Account | None:
    """The account with this email address, in large or small letters."""
    return db.scalar(select(Account).where(func.lower(Account.email) == email.strip().lower()))
