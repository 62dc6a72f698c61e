"""`/projects/<id>/agreement`: what members of a project agree to, who has signed, and signing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict
from gateway.people import queries as people
from gateway.people.access import signed_in, the_account
from gateway.people.reaffirming import WrongPassword, reaffirm
from gateway.people.schemas import faults
from gateway.projects import queries, readiness
from gateway.projects.schemas import SignatureSchema
from gateway.projects.signing import NotYourName, place_of, sign
from gateway.projects.viewer import me, seen_by

signing = Blueprint("signing", __name__)


@signing.get("/projects/<project_id>/agreement")
@signed_in
def show(project_id: str) -> str:
    """The agreement, and the place for a member's signature."""
    return _page(project_id, {}, {})


@signing.post("/projects/<project_id>/agreement")
@signed_in
def put(project_id: str) -> Any:
    """Sign it."""
    with reading() as db:
        account = me(db)
        place_of(db, project=seen_by(db, project_id, account), account_id=account.id)
    try:
        sent = SignatureSchema().load(request.form)
        owner = reaffirm(account_id=the_account().id, password=sent["password"], now=now())
        with transaction() as db:
            project = seen_by(db, project_id, me(db))
            sign(db, owner=owner, project=project, agreement=sent["sha256"], name=sent["name"], now=now())
    except ValidationError as error:
        return _page(project_id, request.form, faults(error)), 422
    except NotYourName as refusal:
        return _page(project_id, request.form, {"name": refusal.message}), 422
    except WrongPassword as refusal:
        return _page(project_id, request.form, {"password": refusal.message}), 422
    except Conflict as refusal:
        flash(refusal.message)
        return redirect(url_for(".show", project_id=project_id), 303)
    flash("You have signed the agreement.", "success")
    return redirect(url_for("projects.show", project_id=project_id), 303)


def _page(project_id: str, values: Mapping[str, str], found_faults: Mapping[str, Any]) -> str:
    with reading() as db:
        account = me(db)
        project = seen_by(db, project_id, account)
        signed = readiness.signatures(db, project_id)
        mine = {each.agreement_sha256: each for each in signed if each.account_id == account.id}
        return render_template(
            "projects/agreement.html",
            project=project,
            agreements=readiness.agreements_of(db, project_id, now()),
            signed=[(each, people.account(db, each.account_id).name) for each in signed],
            mine=mine,
            is_member=queries.membership(db, project_id, account.id) is not None,
            my_name=account.name,
            values=values,
            faults=found_faults,
        )
