"""Projects and their members: begin, add, remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.errors import Conflict
from gateway.people.models import Account
from gateway.projects.models import LEAD, MEMBER, Membership, Project
from gateway.trail.record import Actor, record


class AlreadyAMember(Conflict):
    """A person is on a project once."""

    code = "already-a-member"
    title = "This person is a member of the project already"


class LeadStays(Conflict):
    """A project always has its lead."""

    code = "lead-stays"
    title = "The lead of a project cannot be removed"


def begin_project(
    db: Session,
    *,
    by: Actor,
    title: str,
    lay_title: str,
    lay_summary: str,
    lead: Account,
    members: Sequence[Account] = (),
    application_id: str | None = None,
    now: datetime,
) -> Project:
    """A project with its lead and members; it sees nothing until it has a grant."""
    project = Project(
        title=title,
        lay_title=lay_title,
        lay_summary=lay_summary,
        application_id=application_id,
        created_at=now,
    )
    project.memberships = [Membership(account_id=lead.id, role=LEAD, since=now)]
    others = {each.id for each in members} - {lead.id}
    project.memberships += [Membership(account_id=each, role=MEMBER, since=now) for each in sorted(others)]
    db.add(project)
    db.flush()
    detail = {"lead": lead.id, "members": sorted(others)}
    record(db, action="project.begun", actor=by, now=now, project=project.id, subject=project.id, detail=detail)
    return project


def add_member(db: Session, *, by: Actor, project: Project, account: Account, now: datetime) -> Membership:
    """Put one more person on the project. Raises AlreadyAMember."""
    if db.get(Membership, (project.id, account.id)) is not None:
        raise AlreadyAMember
    membership = Membership(account_id=account.id, role=MEMBER, since=now)
    project.memberships.append(membership)
    db.flush()
    record(db, action="project.member.added", actor=by, now=now, project=project.id, subject=account.id)
    return membership


def remove_member(db: Session, *, by: Actor, membership: Membership, now: datetime) -> None:
    """Take a person off the project; the next `admit` refuses them. Raises LeadStays."""
    if membership.role == LEAD:
        raise LeadStays
    project, account = membership.project_id, membership.account_id
    db.delete(membership)
    db.flush()
    record(db, action="project.member.removed", actor=by, now=now, project=project, subject=account)
