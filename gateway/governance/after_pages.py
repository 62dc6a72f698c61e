"""The applicant's pages after a decision: ask for a change or more time, appeal."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import transaction
from gateway.errors import Conflict, Invalid
from gateway.governance import appealing, changing, queries
from gateway.governance.form import read_form
from gateway.governance.models import Kind
from gateway.governance.viewer import FORM, me
from gateway.people.access import signed_in
from gateway.settings import current

after = Blueprint("after", __name__)


@after.post("/applications/<application_id>/change/<any(amendment, renewal):kind>")
@signed_in
def change(application_id: str, kind: str) -> Response:
    """A draft that changes the approved project."""
    form = read_form(current().policies_dir, FORM)
    asked: changing.Change = Kind.AMENDMENT if kind == Kind.AMENDMENT else Kind.RENEWAL
    try:
        with transaction() as db:
            found = queries.application(db, application_id)
            draft = changing.propose_change(db, by=me(db), application=found, kind=asked, form=form, now=now())
            there = draft.id
    except Conflict as refusal:
        flash(refusal.message)
        there = application_id
    return redirect(url_for("governance.applying.show", application_id=there))


@after.post("/applications/<application_id>/appeal")
@signed_in
def appeal(application_id: str) -> Response:
    """Appeal against a rejection."""
    grounds = request.form.get("grounds", "")[:5000]
    try:
        with transaction() as db:
            found = queries.application(db, application_id)
            appealing.appeal(db, by=me(db), application=found, grounds=grounds, now=now())
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    else:
        flash("Your appeal is made.")
    return redirect(url_for("governance.applying.show", application_id=application_id))
