"""The project pages: my projects, one project with its members and grants, and the way to revoke.

Rooms above put their own parts on a project's page: `app.extensions["project_panels"]` is a list of
functions (project, account) -> markup, called inside the request, for instance for its releases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.people.access import actor, may, requires, signed_in
from gateway.people.models import Account
from gateway.projects import barring, grants, holding, queries  # noqa: F401  # with the tables come their triggers
from gateway.projects.after_pages import after
from gateway.projects.brought import brought
from gateway.projects.finding import grant_of
from gateway.projects.member_pages import members
from gateway.projects.models import LEAD, CertificateState, Project
from gateway.projects.readiness import lacks
from gateway.projects.signing_pages import signing
from gateway.projects.standing import Standing, standing
from gateway.projects.telling import STEWARD
from gateway.projects.training import to_check
from gateway.projects.training_pages import training
from gateway.projects.viewer import me, seen_by
from gateway.web.cards import Card
from gateway.web.paging import asked

Panel = Callable[[Project, Account], Markup]
pages = Blueprint("projects", __name__, template_folder="templates")
pages.register_blueprint(after)
pages.register_blueprint(members)
pages.register_blueprint(signing)
pages.register_blueprint(training)


def install(app: Flask) -> None:
    """Open the list on which other rooms register what they show on a project's page; show what waits on the desk."""
    app.extensions.setdefault("project_panels", [])
    app.extensions.setdefault("dashboard", []).append(_cards)


@pages.get("/projects")
@signed_in
def index() -> str:
    """My projects; every project for those who may revoke grants."""
    moment = now()
    with reading() as db:
        account = me(db)
        found = queries.page_of_projects(db, asked(), member=None if may("grant.revoke") else account.id)
        return render_template(
            "projects/projects.html",
            page=found.told(lambda each: (each, _standings(each, moment))),
            sees_all=may("grant.revoke"),
        )


@pages.get("/projects/<project_id>")
@signed_in
def show(project_id: str) -> str:
    """One project: what it may see until when, on which conditions, who is on it, and its releases."""
    with reading() as db:
        account = me(db)
        project = seen_by(db, project_id, account)
        panels: Sequence[Panel] = current_app.extensions["project_panels"]
        place = queries.membership(db, project_id, account.id)
        people = [(each, db.get(Account, each.account_id)) for each in project.memberships]
        return render_template(
            "projects/project.html",
            project=project,
            grants=_standings(project, now()),
            members=sorted(people, key=lambda pair: (pair[0].role, pair[1].name if pair[1] else "")),
            panels=[panel(project, account) for panel in panels],
            is_member=place is not None,
            is_lead=place is not None and place.role == LEAD,
            may_revoke=may("grant.revoke"),
            may_add=may("application.triage"),
            lacks=lacks(db, project_id=project_id, account_id=account.id, now=now()) if place else None,
            brought=brought(db, project, now()),
            me=account.id,
            one_second=timedelta(seconds=1),
        )


@pages.post("/projects/<project_id>/grants/<grant_id>/revoke")
@requires("grant.revoke")
def revoke(project_id: str, grant_id: str) -> Response:
    """Take a grant back; what runs under it stops."""
    try:
        with transaction() as db:
            grant = grant_of(db, project_id, grant_id)
            reason = request.form.get("reason", "")
            grants.revoke(db, by=actor(), grant=grant, reason=reason, now=now())
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    else:
        flash("Access is revoked.")
    return redirect(url_for(".show", project_id=project_id))


def _cards(account: Account) -> list[Card]:
    """What waits: agreements to sign, certificates to check."""
    moment = now()
    with reading() as db:
        mine = queries.projects_of(db, account.id)
        wait = [each for each in mine if lacks(db, project_id=each.id, account_id=account.id, now=moment).agreements]
        checks = len(to_check(db, CertificateState.WAITING)) if may(STEWARD) else 0
    cards = []
    if wait:
        where = f"/projects/{wait[0].id}/agreement"
        cards.append(Card("Agreements", "Sign before you see data of a project.", where, len(wait)))
    if may("application.write"):
        cards.append(Card("Your training", "Certificates that your projects ask for.", "/training"))
    if may(STEWARD):
        cards.append(
            Card("Training to check", "Certificates that people have shown.", "/training/waiting", checks or None)
        )
    return cards


def _standings(project: Project, moment: datetime) -> list[Standing]:
    return [standing(each, moment) for each in project.grants]
