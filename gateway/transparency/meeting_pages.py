"""`/usage/meetings`: the minutes of the panel; and votes on a project's use, from its page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Forbidden, Invalid
from gateway.people import queries as people
from gateway.people.access import requires, the_account
from gateway.people.models import Account
from gateway.people.once import once
from gateway.transparency import meetings as commands
from gateway.transparency import tallies, uses
from gateway.transparency.concern_pages import use_page
from gateway.transparency.schemas import MinutesSchema, UsageVoteSchema
from gateway.web.paging import asked

meetings = Blueprint("meetings", __name__)


@meetings.get("/usage/meetings")
@requires("usage.read")
def index() -> str:
    """All meetings with their minutes and votes, the last one first."""
    return _page({}, {})


@meetings.post("/usage/meetings")
@requires("usage.minutes")
@once
def record_minutes() -> Any:
    """Write down the minutes of a meeting."""
    typed = request.form.to_dict()
    try:
        sent = MinutesSchema().load(typed)
        with transaction() as db:
            commands.record_minutes(db, by=_me(db), now=now(), **sent)
    except ValidationError as refusal:
        return _page(typed, refusal.messages_dict), 422
    except Invalid as refusal:
        return _page(typed, {"held_on": refusal.message}), 422
    flash("The minutes are on the record.", "success")
    return redirect(url_for(".index"), 303)


@meetings.post("/usage/<project_id>/votes")
@requires("usage.vote")
def vote(project_id: str) -> Any:
    """Say what I think of a project's use of the data."""
    typed = request.form.to_dict()
    try:
        sent = UsageVoteSchema().load(typed)
        with transaction() as db:
            commands.vote(db, by=_me(db), project=uses.project(db, project_id), now=now(), **sent)
    except ValidationError as refusal:
        return use_page(project_id, typed, refusal.messages_dict), 422
    except Invalid as refusal:
        return use_page(project_id, typed, {"reason": refusal.message}), 422
    except (Conflict, Forbidden) as refusal:
        flash(refusal.message)
    else:
        flash("Your vote is on the record.", "success")
    return redirect(url_for("transparency.one", project_id=project_id), 303)


def _page(values: dict[str, Any], faults: dict[str, Any]) -> str:
    with reading() as db:
        page = tallies.held(db, asked())
        titles = uses.titles(db, {one.project_id for each in page.rows for one in each.tallies})
        return render_template("transparency/meetings.html", page=page, titles=titles, values=values, faults=faults)


def _me(db: Session) -> Account:
    return people.account(db, the_account().id)
