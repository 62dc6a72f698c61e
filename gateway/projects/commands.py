"""Projects and their members: begin, add, remove; and who can never be one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden
from gateway.notices.commands import tell
from gateway.notices.models import Kind
from gateway.people.models import Account
from gateway.projects.blocking import may_join
from gateway.projects.grants import ProjectClosed
from gateway.projects.models import LEAD, MEMBER, Barred, Grant, Membership, Project
from gateway.projects.readiness import agreements_of
from gateway.projects.telling import ask_to_sign, reference
from gateway.trail.record import Actor, record


class AlreadyAMember(Conflict):
    """A person is on a project once."""

    code = "already-a-member"
    title = "This person is a member of the project already"


class LeadStays(Conflict):
    """A project always has its lead."""

    code = "lead-stays"
    title = "The lead of a project cannot be removed"


class NotOneself(Forbidden):
    """Who lets people in lets in others."""

    code = "not-oneself"
    title = "You cannot put yourself on a project, so somebody else has to do this"


class JudgedIt(Conflict):
    """Who judged an application of the project gains nothing from it."""

    code = "judged-this-project"
    title = "This person had a part in judging this project, so they cannot be part of it"


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
    """Put one more person on the project. Raises NotOneself, ProjectClosed, JudgedIt, AlreadyAMember, Blocked."""
    if by.id == account.id:
        raise NotOneself
    if project.closure is not None:
        raise ProjectClosed
    if db.get(Barred, (project.id, account.id)) is not None:
        raise JudgedIt
    if db.get(Membership, (project.id, account.id)) is not None:
        raise AlreadyAMember
    may_join(db, project_id=project.id, account=account, now=now)
    membership = Membership(account_id=account.id, role=MEMBER, since=now)
    project.memberships.append(membership)
    db.flush()
    record(db, action="project.member.added", actor=by, now=now, project=project.id, subject=account.id)
    for agreement in agreements_of(db, project.id, now):
        ask_to_sign(db, project_id=project.id, agreement=agreement.sha256, now=now)
    return membership


def remove_member(db: Session, *, by: Actor, membership: Membership, now: datetime) -> None:
    """Take a person off the project: the next `admit` refuses them, and what runs under its grants stops.

    Raises LeadStays.
    """
    if membership.role == LEAD:
        raise LeadStays
    project, account = membership.project_id, membership.account_id
    db.delete(membership)
    db.flush()
    db.execute(update(Grant).where(Grant.project_id == project).values(epoch=Grant.epoch + 1))
    record(db, action="project.member.removed", actor=by, now=now, project=project, subject=account)
    if by.id != account:
        text = f"You are no longer a member of project {reference(project)}"
        tell(db, to=[db.get_one(Account, account)], kind=Kind.ACCESS, text=text, href="/projects", now=now)


def change_lead(db: Session, *, by: Actor, project: Project, lead: Account, now: datetime) -> None:
    """Let a member lead the project; the former lead stays a member. A second time changes nothing."""
    roles = {each.account_id: each for each in project.memberships}
    if lead.id not in roles or roles[lead.id].role == LEAD:
        return
    former = [each for each in project.memberships if each.role == LEAD]
    for each in former:
        each.role = MEMBER
    roles[lead.id].role = LEAD
    db.flush()
    detail = {"from": [each.account_id for each in former], "to": lead.id}
    record(db, action="project.lead.changed", actor=by, now=now, project=project.id, subject=project.id, detail=detail)


def bar(db: Session, *, by: Actor, project: Project, accounts: Collection[str], now: datetime) -> None:
    """Keep these accounts (ids) off the project for good: they judged it. Raises JudgedIt if one is on it."""
    if not set(accounts).isdisjoint(each.account_id for each in project.memberships):
        raise JudgedIt
    fresh = [each for each in sorted(set(accounts)) if db.get(Barred, (project.id, each)) is None]
    db.add_all(Barred(project_id=project.id, account_id=each, since=now) for each in fresh)
    db.flush()
    if fresh:
        record(db, action="project.barred", actor=by, now=now, project=project.id, detail={"accounts": fresh})
