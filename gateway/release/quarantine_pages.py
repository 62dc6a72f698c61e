"""`/quarantine`: what is held back, for data stewards; never for researchers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.catalogue.commands import read_again
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people.access import actor, may, requires
from gateway.people.models import Account
from gateway.release import quarantine as queries
from gateway.web.cards import Card

quarantine = Blueprint("quarantine", __name__, url_prefix="/quarantine")
PERMISSION = "catalogue.manage"


def cards(_account: Account) -> list[Card]:
    """The way here, with the number of objects that wait."""
    if not may(PERMISSION):
        return []
    with reading() as db:
        waiting = sum(each.count for each in queries.unread(db))
    return [Card("Quarantine", "Objects and images that are held back, and why.", "/quarantine", waiting or None)]


@quarantine.get("")
@requires(PERMISSION)
def index() -> str:
    """What is held back, by reason."""
    with reading() as db:
        return render_template("release/quarantine.html", files=queries.unread(db), withheld=queries.withheld(db))


@quarantine.post("")
@requires(PERMISSION)
def again() -> Response:
    """Have objects of one archive and reason read again at its next indexing."""
    with transaction() as db:
        archive, reason = request.form.get("archive", ""), request.form.get("reason", "")
        count = read_again(db, by=actor(), archive_id=archive, reason=reason, now=now())
    flash(f"{count} objects will be read again when the archive is next indexed.", "success")
    return redirect(url_for(".index"), 303)
