"""Members on a project's page: a steward adds one; the lead, a steward or the person takes one off."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import transaction
from gateway.errors import Conflict, Invalid
from gateway.people.access import requires, signed_in, the_account
from gateway.projects.joining import STEWARD, NoSuchMember, put_on, take_off
from gateway.projects.viewer import me, seen_by

members = Blueprint("members", __name__)


@members.post("/projects/<project_id>/members")
@requires(STEWARD)
def add(project_id: str) -> Response:
    """Put a person with an account on the project."""
    try:
        with transaction() as db:
            account = me(db)
            put_on(
                db,
                by=account,
                project=seen_by(db, project_id, account),
                email=request.form.get("email", ""),
                now=now(),
            )
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    return redirect(url_for("projects.show", project_id=project_id))


@members.post("/projects/<project_id>/members/<account_id>/remove")
@signed_in
def remove(project_id: str, account_id: str) -> Response:
    """Take a person off the project, or leave it."""
    try:
        with transaction() as db:
            account = me(db)
            project = seen_by(db, project_id, account)
            take_off(db, by=account, project=project, account_id=account_id, now=now())
    except (Conflict, NoSuchMember) as refusal:
        flash(refusal.message)
    else:
        flash("Access under this project has ended for this person.")
    left = account_id == the_account().id
    return redirect(url_for("projects.index") if left else url_for("projects.show", project_id=project_id))
