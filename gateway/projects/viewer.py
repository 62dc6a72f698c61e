"""Who is looking, and at which project, for the pages and the API of this room."""

from __future__ import annotations

from sqlalchemy.orm import Session

from gateway.errors import NotFound, Unauthenticated
from gateway.people.access import may, the_account
from gateway.people.models import Account
from gateway.projects import queries
from gateway.projects.models import Project


class NoSuchProject(NotFound):
    """Somebody else's project; whether it exists is not told."""

    code = "project-not-found"
    title = "There is no such project, or you are not a member of it"


def me(db: Session) -> Account:
    """The account of this request, in this session. Raises Unauthenticated."""
    found = db.get(Account, the_account().id)
    if found is None:
        raise Unauthenticated
    return found


def seen_by(db: Session, project_id: str, account: Account) -> Project:
    """A project that this account is on; any for those who may revoke grants. Raises NoSuchProject."""
    project = queries.project(db, project_id)
    if project is None:
        raise NoSuchProject
    if queries.membership(db, project_id, account.id) is None and not may("grant.revoke"):
        raise NoSuchProject
    return project
