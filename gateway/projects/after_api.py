"""`/api/v1/projects/<id>/grants`, `/conditions` and `/closure`: what happens to a project after the approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.db import transaction
from gateway.people.access import requires, signed_in
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects import closing, conditions, grant_changes, grants
from gateway.projects.finding import condition_of, grant_of, project_of
from gateway.projects.schemas import (
    ClosureSchema,
    NoteSchema,
    ProjectSchema,
    ReasonSchema,
    VerdictSchema,
    project_told,
)
from gateway.projects.telling import STEWARD
from gateway.projects.viewer import me, seen_by

Json = Mapping[str, Any]
STOPS = "grant.revoke"


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of the room."""
    one, grant, condition = "/projects/<project_id>", "/grants/<grant_id>", "/conditions/<condition_id>"
    told, stops, steward = api.response(200, ProjectSchema), requires(STOPS), requires(STEWARD)
    reason = api.arguments(ReasonSchema)
    api.post(f"{one}{grant}/revoke")(reason(told(stops(revoke))))
    api.post(f"{one}{grant}/suspend")(reason(told(stops(suspend))))
    api.post(f"{one}{grant}/resume")(told(stops(resume)))
    api.post(f"{one}{condition}/report")(api.arguments(NoteSchema)(told(signed_in(report))))
    api.post(f"{one}{condition}/check")(api.arguments(VerdictSchema)(told(steward(judge))))
    api.post(f"{one}/closure")(api.arguments(ClosureSchema)(told(signed_in(close))))
    api.post(f"{one}/closure/check")(told(steward(check)))


def revoke(sent: Json, project_id: str, grant_id: str) -> Json:
    """Take access back for good"""

    def step(db: Session, by: Account) -> None:
        grant = grant_of(db, project_id, grant_id)
        grants.revoke(db, by=acting(by), grant=grant, reason=sent["reason"], now=now())

    return _done(project_id, step)


def suspend(sent: Json, project_id: str, grant_id: str) -> Json:
    """Stop access for a time"""

    def step(db: Session, by: Account) -> None:
        grant = grant_of(db, project_id, grant_id)
        grant_changes.suspend(db, by=acting(by), grant=grant, reason=sent["reason"], now=now())

    return _done(project_id, step)


def resume(project_id: str, grant_id: str) -> Json:
    """Let access that was suspended go on"""

    def step(db: Session, by: Account) -> None:
        grant_changes.resume(db, by=by, grant=grant_of(db, project_id, grant_id), now=now())

    return _done(project_id, step)


def report(sent: Json, project_id: str, condition_id: str) -> Json:
    """Say as a member what was done about a condition"""

    def step(db: Session, by: Account) -> None:
        seen_by(db, project_id, by)
        condition = condition_of(db, project_id, condition_id)
        conditions.report_done(db, by=by, condition=condition, note=sent["note"], now=now())

    return _done(project_id, step)


def judge(sent: Json, project_id: str, condition_id: str) -> Json:
    """Accept what was reported on a condition, or send it back"""

    def step(db: Session, by: Account) -> None:
        condition = condition_of(db, project_id, condition_id)
        conditions.judge(db, by=by, condition=condition, now=now(), **sent)

    return _done(project_id, step)


def close(sent: Json, project_id: str) -> Json:
    """Close the project as its lead, with what came out of it and how the data were destroyed"""

    def step(db: Session, by: Account) -> None:
        closing.close(db, by=by, project=seen_by(db, project_id, by), now=now(), **sent)

    return _done(project_id, step)


def check(project_id: str) -> Json:
    """Agree as a steward that the project ended well"""

    def step(db: Session, by: Account) -> None:
        closing.check(db, by=by, project=project_of(db, project_id), now=now())

    return _done(project_id, step)


def _done(project_id: str, step: Callable[[Session, Account], None]) -> Json:
    """The step in one transaction, and the project as it is then."""
    with transaction() as db:
        step(db, me(db))
        db.flush()
        project = project_of(db, project_id)
        db.refresh(project)
        return project_told(project)
