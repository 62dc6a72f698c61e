"""After an approval: ask for a change or for more time. It is an application like any other, about the same project."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict
from gateway.governance import guards
from gateway.governance.applying import start
from gateway.governance.attaching import copy_files
from gateway.governance.form import Form
from gateway.governance.inviting import carry_over
from gateway.governance.models import Application, Kind, State
from gateway.people.models import Account
from gateway.projects.grants import ProjectClosed

APPROVED = (State.APPROVED, State.APPROVED_WITH_CONDITIONS)
UNDER_WAY = (State.DRAFT, State.SUBMITTED, State.IN_REVIEW)
Change = Literal[Kind.AMENDMENT, Kind.RENEWAL]


class ChangeUnderWay(Conflict):
    """One change at a time, so that each is judged as what comes on top of what was approved."""

    code = "change-under-way"
    title = "Another change to this project is under way; finish or withdraw it first"


def propose_change(
    db: Session, *, by: Account, application: Application, kind: Change, form: Form, now: datetime
) -> Application:
    """A draft about the project of an approved application, with its answers; a second call gives the same draft.

    Raises NotYours, WrongState, ChangeUnderWay, ProjectClosed.
    """
    guards.is_applicant(application, by)
    guards.in_state(application, *APPROVED)
    project = application.project
    if project is None or project.closure is not None:
        raise ProjectClosed
    for each in changes_to(db, project.id):
        if each.state in UNDER_WAY:
            if each.state == State.DRAFT and each.kind == kind:
                return each
            raise ChangeUnderWay
    latest = latest_approved(db, project.id)
    draft = start(db, by=by, form=form, answers=latest.answers, now=now)
    copy_files(db, source=latest, to=draft, now=now)
    carry_over(source=latest, to=draft, now=now)
    draft.kind, draft.changes_id = Kind(kind).value, project.id
    db.flush()
    return draft


def changes_to(db: Session, project_id: str) -> list[Application]:
    """Amendments and renewals of the project, oldest first. Index: ix_application_changes_id."""
    found = select(Application).where(Application.changes_id == project_id)
    return list(db.scalars(found.order_by(Application.started_at, Application.id)))


def latest_approved(db: Session, project_id: str) -> Application:
    """What the project was last approved for. Index: ix_application_project_id."""
    found = select(Application).where(Application.project_id == project_id)
    return db.scalars(found.order_by(Application.closed_at.desc(), Application.id)).first() or _lost()


def earlier_submission(db: Session, application: Application) -> Application | None:
    """What this one follows: the round before, or what the project was approved for when it was started."""
    if application.revises is not None:
        return application.revises
    if application.changes_id is None:
        return None
    found = select(Application).where(
        Application.project_id == application.changes_id, Application.closed_at <= application.started_at
    )
    return db.scalars(found.order_by(Application.closed_at.desc(), Application.id)).first()


def _lost() -> Application:
    raise guards.NotYours
