"""A project, and what belongs to it, by the ids of an address; what is another project's is not there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from gateway.projects import queries
from gateway.projects.models import Condition, Grant, Project
from gateway.projects.viewer import NoSuchProject


def project_of(db: Session, project_id: str) -> Project:
    """The project. Raises NoSuchProject."""
    found = queries.project(db, project_id)
    if found is None:
        raise NoSuchProject
    return found


def grant_of(db: Session, project_id: str, grant_id: str) -> Grant:
    """A grant of the project. Raises NoSuchProject."""
    found = queries.grant(db, grant_id)
    if found is None or found.project_id != project_id:
        raise NoSuchProject
    return found


def condition_of(db: Session, project_id: str, condition_id: str) -> Condition:
    """A condition of the project. Raises NoSuchProject."""
    found = db.get(Condition, condition_id)
    if found is None or found.project_id != project_id:
        raise NoSuchProject
    return found
