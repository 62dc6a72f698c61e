"""`/notices`: what I was told, and how much of it I have not read."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, g, redirect, render_template, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.notices import commands, queries
from gateway.notices.models import Kind
from gateway.people.access import signed_in, the_account
from gateway.people.models import Account
from gateway.people.session import current_account
from gateway.web.cards import Card
from gateway.web.paging import asked

pages = Blueprint("notices", __name__, template_folder="templates")
TAGS = {
    Kind.SUBMITTED: ("To do", "blue"),
    Kind.ASKED: ("To do", "blue"),
    Kind.TURN: ("To do", "blue"),
    Kind.RETURNED: ("Returned", "yellow"),
    Kind.DECIDED: ("Decision", "purple"),
    Kind.CONDITION: ("Condition", "yellow"),
    Kind.ACCESS: ("Access", "green"),
    Kind.SUSPENDED: ("Suspended", "orange"),
    Kind.REVOKED: ("Revoked", "red"),
    Kind.ENDING: ("Reminder", "yellow"),
    Kind.ENDED: ("Ended", "grey"),
    Kind.OVERDUE: ("Overdue", "red"),
    Kind.CONCERN: ("Concern", "orange"),
    Kind.DESTROY: ("To destroy", "red"),
    Kind.MEETING: ("Meeting", "purple"),
    Kind.SIGN: ("To sign", "blue"),
    Kind.TRAINING: ("Training", "aqua-green"),
}


def install(app: Flask) -> None:
    """Show the number of unread notices at the top of every page, and on the desk."""
    app.jinja_env.globals["unread"] = _unread
    app.extensions.setdefault("dashboard", []).append(_cards)


@pages.get("/notices")
@signed_in
def index() -> str:
    """My notices, the newest first."""
    with reading() as db:
        page = queries.notices_of(db, the_account().id, asked())
    return render_template("notices/notices.html", page=page, tags=TAGS)


@pages.post("/notices/<notice_id>/read")
@signed_in
def read(notice_id: str) -> Response:
    """I have read this one."""
    with transaction() as db:
        commands.mark_read(db, by=the_account(), notice_id=notice_id, now=now())
    return redirect(url_for(".index"), 303)


@pages.post("/notices/read")
@signed_in
def read_all() -> Response:
    """I have read them all."""
    with transaction() as db:
        commands.mark_all_read(db, by=the_account(), now=now())
    flash("All notices are marked as read.", "success")
    return redirect(url_for(".index"), 303)


def _cards(account: Account) -> list[Card]:
    return [Card("Notices", "What has happened to what you have a part in.", "/notices", _unread() or None)]


def _unread() -> int:
    """Asked once in a request. A page that says that the database is away must not ask it."""
    account = current_account()
    if account is None:
        return 0
    if "unread" not in g:
        try:
            with reading() as db:
                g.unread = queries.unread(db, account.id)
        except SQLAlchemyError:
            g.unread = 0
    return int(g.unread)
