"""What happens on a project's page after the approval: suspend and resume, conditions, and the closure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.people.access import requires, signed_in
from gateway.people.models import Account
from gateway.people.schemas import faults
from gateway.people.tokens import acting
from gateway.projects import closing, conditions, grant_changes, queries
from gateway.projects.finding import condition_of, grant_of, project_of
from gateway.projects.models import LEAD
from gateway.projects.schemas import ClosureSchema, NoteSchema, ReasonSchema, VerdictSchema
from gateway.projects.viewer import NoSuchProject, me, seen_by

after = Blueprint("after", __name__)


def _do(project_id: str, said: str, step: Callable[[Session, Account], None]) -> Response:
    """One step in one transaction, and back to the project with what happened in plain words."""
    try:
        with transaction() as db:
            step(db, me(db))
    except ValidationError as error:
        flash(str(next(iter(faults(error).values()))[0]))
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    else:
        flash(said)
    return redirect(url_for("projects.show", project_id=project_id))


@after.post("/projects/<project_id>/grants/<grant_id>/suspend")
@requires("grant.revoke")
def suspend(project_id: str, grant_id: str) -> Response:
    """Stop access for a time."""

    def step(db: Session, by: Account) -> None:
        reason = ReasonSchema().load(request.form)["reason"]
        grant = grant_of(db, project_id, grant_id)
        grant_changes.suspend(db, by=acting(by), grant=grant, reason=reason, now=now())

    return _do(project_id, "Access is suspended.", step)


@after.post("/projects/<project_id>/grants/<grant_id>/resume")
@requires("grant.revoke")
def resume(project_id: str, grant_id: str) -> Response:
    """Let it go on."""

    def step(db: Session, by: Account) -> None:
        grant_changes.resume(db, by=by, grant=grant_of(db, project_id, grant_id), now=now())

    return _do(project_id, "Access goes on.", step)


@after.post("/projects/<project_id>/conditions/<condition_id>/report")
@signed_in
def report(project_id: str, condition_id: str) -> Response:
    """A member says what was done."""

    def step(db: Session, by: Account) -> None:
        seen_by(db, project_id, by)
        note = NoteSchema().load(request.form)["note"]
        condition = condition_of(db, project_id, condition_id)
        conditions.report_done(db, by=by, condition=condition, note=note, now=now())

    return _do(project_id, "Thank you. A data steward looks at it.", step)


@after.post("/projects/<project_id>/conditions/<condition_id>/<any(accept, back):verdict>")
@requires("application.triage")
def judge(project_id: str, condition_id: str, verdict: str) -> Response:
    """A steward accepts it, or sends it back."""

    def step(db: Session, by: Account) -> None:
        sent = VerdictSchema().load({**request.form.to_dict(), "verdict": verdict})
        condition = condition_of(db, project_id, condition_id)
        conditions.judge(db, by=by, condition=condition, now=now(), **sent)

    return _do(project_id, "Recorded.", step)


@after.get("/projects/<project_id>/close")
@signed_in
def closing_page(project_id: str) -> str:
    """What the lead is asked before the project ends."""
    return _closing_page(project_id, {}, {})


@after.post("/projects/<project_id>/close")
@signed_in
def close(project_id: str) -> Any:
    """End the project."""
    typed = request.form.to_dict()
    try:
        sent = ClosureSchema().load(typed)
        with transaction() as db:
            account = me(db)
            closing.close(db, by=account, project=seen_by(db, project_id, account), now=now(), **sent)
    except ValidationError as error:
        return _closing_page(project_id, typed, faults(error)), 422
    except Invalid as refusal:
        return _closing_page(project_id, typed, {"destruction": refusal.message}), 422
    except Conflict as refusal:
        flash(refusal.message)
    else:
        flash("The project is closed. Thank you for telling us what came out of it.")
    return redirect(url_for("projects.show", project_id=project_id))


@after.post("/projects/<project_id>/closure/check")
@requires("application.triage")
def check(project_id: str) -> Response:
    """A steward agrees that it ended well."""

    def step(db: Session, by: Account) -> None:
        closing.check(db, by=by, project=project_of(db, project_id), now=now())

    return _do(project_id, "The end of the project is checked.", step)


def _closing_page(project_id: str, typed: dict[str, str], found_faults: dict[str, Any]) -> str:
    with reading() as db:
        project = project_of(db, project_id)
        place = queries.membership(db, project_id, me(db).id)
        if place is None:
            raise NoSuchProject
        if place.role != LEAD:
            raise closing.NotTheLead
        return render_template("projects/close.html", project=project, values=typed, faults=found_faults)
