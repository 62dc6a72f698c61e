"""What happens on a project's page after the approval: suspend and resume, conditions, and the closure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.people.access import requires, signed_in
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects import closing, conditions, grant_changes, queries
from gateway.projects.models import LEAD, Condition, Grant, Project
from gateway.projects.viewer import NoSuchProject, me, seen_by

after = Blueprint("after", __name__)


def _do(project_id: str, said: str, step: Callable[[Session, Account], None]) -> Response:
    """One step in one transaction, and back to the project with what happened in plain words."""
    try:
        with transaction() as db:
            step(db, me(db))
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    else:
        flash(said)
    return redirect(url_for("projects.show", project_id=project_id))


def _grant(db: Session, project_id: str, grant_id: str) -> Grant:
    found = queries.grant(db, grant_id)
    if found is None or found.project_id != project_id:
        raise NoSuchProject
    return found


def _condition(db: Session, project_id: str, condition_id: str) -> Condition:
    found = db.get(Condition, condition_id)
    if found is None or found.project_id != project_id:
        raise NoSuchProject
    return found


@after.post("/projects/<project_id>/grants/<grant_id>/suspend")
@requires("grant.revoke")
def suspend(project_id: str, grant_id: str) -> Response:
    """Stop access for a time."""
    reason = request.form.get("reason", "")

    def step(db: Session, by: Account) -> None:
        grant = _grant(db, project_id, grant_id)
        grant_changes.suspend(db, by=acting(by), grant=grant, reason=reason, now=now())

    return _do(project_id, "Access is suspended.", step)


@after.post("/projects/<project_id>/grants/<grant_id>/resume")
@requires("grant.revoke")
def resume(project_id: str, grant_id: str) -> Response:
    """Let it go on."""

    def step(db: Session, by: Account) -> None:
        grant_changes.resume(db, by=by, grant=_grant(db, project_id, grant_id), now=now())

    return _do(project_id, "Access goes on.", step)


@after.post("/projects/<project_id>/conditions/<condition_id>/report")
@signed_in
def report(project_id: str, condition_id: str) -> Response:
    """A member says what was done."""
    note = request.form.get("note", "")

    def step(db: Session, by: Account) -> None:
        seen_by(db, project_id, by)
        condition = _condition(db, project_id, condition_id)
        conditions.report_done(db, by=by, condition=condition, note=note, now=now())

    return _do(project_id, "Thank you. A data steward looks at it.", step)


@after.post("/projects/<project_id>/conditions/<condition_id>/<any(accept, back):verdict>")
@requires("application.triage")
def judge(project_id: str, condition_id: str, verdict: str) -> Response:
    """A steward accepts it, or sends it back."""
    remark = request.form.get("remark", "")

    def step(db: Session, by: Account) -> None:
        condition = _condition(db, project_id, condition_id)
        if verdict == "accept":
            conditions.accept(db, by=by, condition=condition, now=now())
        else:
            conditions.send_back(db, by=by, condition=condition, remark=remark, now=now())

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
    sent = request.form.to_dict()
    try:
        destroyed_on = date(*(int(sent.get(f"destroyed_on-{part}", "")) for part in ("year", "month", "day")))
    except (ValueError, OverflowError):
        return _closing_page(project_id, sent, {"destroyed_on": "Enter a date, such as 15 1 2027"}), 422
    try:
        with transaction() as db:
            account = me(db)
            closing.close(
                db,
                by=account,
                project=seen_by(db, project_id, account),
                outputs=sent.get("outputs", "").splitlines(),
                destruction=sent.get("destruction", ""),
                destroyed_on=destroyed_on,
                now=now(),
            )
    except Invalid as refusal:
        return _closing_page(project_id, sent, {"destruction": refusal.message}), 422
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
        closing.check(db, by=by, project=_project(db, project_id), now=now())

    return _do(project_id, "The end of the project is checked.", step)


def _project(db: Session, project_id: str) -> Project:
    found = queries.project(db, project_id)
    if found is None:
        raise NoSuchProject
    return found


def _closing_page(project_id: str, sent: dict[str, str], faults: dict[str, str]) -> str:
    with reading() as db:
        project = _project(db, project_id)
        place = queries.membership(db, project_id, me(db).id)
        if place is None:
            raise NoSuchProject
        if place.role != LEAD:
            raise closing.NotTheLead
        return render_template("projects/close.html", project=project, values=sent, faults=faults)
