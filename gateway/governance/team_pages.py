"""Co-applicants on the pages: invite, take back, and accept through the link; and the papers: print, differences."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.catalogue import queries as catalogue
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.governance import inviting, queries
from gateway.governance.changing import earlier_submission
from gateway.governance.differences import differences
from gateway.governance.guards import NotYours
from gateway.governance.history import history
from gateway.governance.inviting_mail import invited, post
from gateway.governance.viewer import me, reads_all
from gateway.people.access import signed_in

team = Blueprint("team", __name__)


@team.post("/applications/<application_id>/invitations")
@signed_in
def invite(application_id: str) -> Response:
    """Invite somebody by email; the link is shown to the applicant too, once."""
    try:
        with transaction() as db:
            found = queries.application(db, application_id)
            email = request.form.get("email", "")
            made = invited(*inviting.invite(db, by=me(db), application=found, email=email, now=now()))
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    else:
        how = f"It was sent to {made.email}." if post(made, now=now()) else f"Send this link to {made.email}."
        flash(f"{how} It is shown once, and good for 14 days: {made.link}")
    return redirect(url_for("governance.applying.show", application_id=application_id))


@team.post("/applications/<application_id>/invitations/<invitation_id>/take-back")
@signed_in
def take_back(application_id: str, invitation_id: str) -> Response:
    """Take an invitation back, or a co-applicant off the draft."""
    try:
        with transaction() as db:
            found = queries.application(db, application_id)
            inviting.take_back(db, by=me(db), application=found, invitation_id=invitation_id, now=now())
    except Conflict as refusal:
        flash(refusal.message)
    return redirect(url_for("governance.applying.show", application_id=application_id))


@team.get("/invitations/<secret>")
@signed_in
def invitation(secret: str) -> str:
    """What one is invited to."""
    with reading() as db:
        me(db)
        found = inviting.invitation_of(db, secret, now())
        return render_template("governance/invitation.html", application=found.application, secret=secret)


@team.post("/invitations/<secret>")
@signed_in
def accept(secret: str) -> Response:
    """Join."""
    try:
        with transaction() as db:
            joined = inviting.accept(db, by=me(db), secret=secret, now=now()).id
    except Conflict as refusal:
        flash(refusal.message)
        return redirect(url_for("governance.applying.index"))
    flash("You are part of this application now.")
    return redirect(url_for("governance.applying.show", application_id=joined))


@team.get("/applications/<application_id>/print")
@signed_in
def paper(application_id: str) -> str:
    """The whole application on one plain page, to print or to keep."""
    with reading() as db:
        account = me(db)
        found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
        return render_template(
            "governance/print.html",
            application=found,
            form=found.form,
            datasets=catalogue.datasets(db),
            history=history(db, found, account),
        )


@team.get("/applications/<application_id>/differences")
@signed_in
def changed(application_id: str) -> str:
    """What is another than in the submission before."""
    with reading() as db:
        found = queries.application_seen_by(db, application_id, me(db), reads_all=reads_all())
        before = earlier_submission(db, found)
        if before is None:
            raise NotYours
        titles = {each.slug: each.title for each in catalogue.datasets(db)}
        shown = differences(before, found, titles)
        return render_template("governance/differences.html", application=found, before=before, differences=shown)
