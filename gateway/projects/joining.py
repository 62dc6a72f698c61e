"""Who may put somebody on a project or take them off it, for the pages and the API alike."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.errors import Forbidden, Invalid, NotFound
from gateway.people.models import Account
from gateway.people.roles import permissions_of
from gateway.people.tokens import acting
from gateway.projects import commands, queries
from gateway.projects.grant_changes import not_a_member
from gateway.projects.models import LEAD, Membership, Project

STEWARD = "application.triage"


class NoSuchPerson(Invalid):
    """Only people with an open account can be members."""

    code = "person-not-found"
    title = "Nobody has an account with this email address"


class NoSuchMember(NotFound):
    """Not on the project, or not any more."""

    code = "member-not-found"
    title = "This person is not a member of the project"


class NotYoursToRemove(Forbidden):
    """The lead, a steward, or the person."""

    code = "not-yours-to-remove"
    title = "Only the lead or a data steward can take somebody else off the project"


def put_on(db: Session, *, by: Account, project: Project, email: str, now: datetime) -> Membership:
    """Put the person with this address on a project of others.

    Raises OwnProject, NoSuchPerson, and what add_member raises.
    """
    not_a_member(db, project.id, by)
    account = queries.account_of(db, email)
    if account is None or account.closed_at is not None:
        raise NoSuchPerson
    return commands.add_member(db, by=acting(by), project=project, account=account, now=now)


def take_off(db: Session, *, by: Account, project: Project, account_id: str, now: datetime) -> None:
    """Take a person off the project; anybody may leave. Raises NotYoursToRemove, NoSuchMember, LeadStays."""
    own = queries.membership(db, project.id, by.id)
    leads = own is not None and own.role == LEAD
    if not (leads or STEWARD in permissions_of(by) or account_id == by.id):
        raise NotYoursToRemove
    membership = queries.membership(db, project.id, account_id)
    if membership is None:
        raise NoSuchMember
    commands.remove_member(db, by=acting(by), membership=membership, now=now)
