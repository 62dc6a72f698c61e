"""The end of a project: its lead says what came out and that the data are destroyed; a steward checks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, Invalid
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects import grants
from gateway.projects.grant_changes import not_a_member
from gateway.projects.models import LEAD, Closure, Project
from gateway.projects.queries import membership
from gateway.trail.record import record


class NotTheLead(Forbidden):
    """The lead answers for the project's end."""

    code = "not-the-lead"
    title = "Only the lead of the project can close it"


class NothingToCheck(Conflict):
    """Not closed yet, or checked already."""

    code = "nothing-to-check"
    title = "The project's end has been checked already, or the project is not closed yet"


def close(
    db: Session,
    *,
    by: Account,
    project: Project,
    outputs: Sequence[str],
    destruction: str,
    destroyed_on: date,
    now: datetime,
) -> Closure:
    """Close the project: every grant is taken back at once, and none can follow.

    Raises NotTheLead, ProjectClosed, Invalid without a statement or for a day in the future.
    """
    place = membership(db, project.id, by.id)
    if place is None or place.role != LEAD:
        raise NotTheLead
    if project.closure is not None:
        raise grants.ProjectClosed
    if not destruction.strip():
        raise Invalid("Say how the copies of the data were destroyed.")
    if destroyed_on > now.date():
        raise Invalid("Close the project once the data are destroyed.")
    for grant in project.grants:
        if grant.revoked_at is None:
            grants.revoke(db, by=acting(by), grant=grant, reason="The project is closed", now=now)
    project.closure = Closure(
        closed_by_id=by.id,
        closed_at=now,
        outputs=[each.strip() for each in outputs if each.strip()],
        destruction=destruction.strip(),
        destroyed_on=destroyed_on,
    )
    db.flush()
    detail = {"outputs": len(project.closure.outputs), "destroyed_on": destroyed_on.isoformat()}
    record(db, action="project.closed", actor=acting(by), now=now, project=project.id, detail=detail)
    return project.closure


def check(db: Session, *, by: Account, project: Project, now: datetime) -> None:
    """Somebody outside the project agrees that it ended well. Raises NothingToCheck, OwnProject."""
    not_a_member(db, project.id, by)
    closure = project.closure
    if closure is None or closure.checked_at is not None:
        raise NothingToCheck
    closure.checked_by_id, closure.checked_at = by.id, now
    db.flush()
    record(db, action="project.closure.checked", actor=acting(by), now=now, project=project.id)
