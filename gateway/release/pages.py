"""The release pages: what was released and what was withheld, the viewer, and how to connect a tool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, jsonify, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway import clock
from gateway.catalogue.released import FINDERS
from gateway.consent.given import NO_LONGER
from gateway.db import reading, transaction
from gateway.people import tokens
from gateway.people.access import may, signed_in, the_account
from gateway.people.models import Account
from gateway.people.once import once
from gateway.projects.keys import master_key_fault
from gateway.projects.models import Grant, Membership, Project
from gateway.projects.queries import projects_of, running_for
from gateway.projects.standing import standing
from gateway.release import (
    annotation_pages,
    cors,
    destruction_pages,
    forgetting_pages,
    governing,
    pyramid,
    quarantine_pages,
    reidentifying_pages,
    visits,
)
from gateway.release.dicomweb import dicomweb
from gateway.release.errors import NoSuchRelease, NotInRelease
from gateway.release.models import SEALED, ManifestEntry, Release
from gateway.release.queries import (
    Place,
    entries,
    release_of_grant,
    released_as,
    releases_of_projects,
    whole_manifest,
)
from gateway.release.turnstile import Turnstile
from gateway.settings import current
from gateway.trail import fitness
from gateway.web.cards import MOST, Card
from gateway.web.health import CHECKS, WARNINGS

pages = Blueprint("release", __name__, template_folder="templates")
pages.register_blueprint(dicomweb)
pages.register_blueprint(reidentifying_pages.reidentifying)
pages.register_blueprint(forgetting_pages.forgetting)
pages.register_blueprint(quarantine_pages.quarantine)
pages.register_blueprint(destruction_pages.destruction)
pages.register_blueprint(annotation_pages.drawn)


@dataclass(frozen=True, slots=True)
class SlideRow:
    """One series on the release page: what of it may be seen, and what is withheld and why."""

    study_uid: str
    series_uid: str
    released: list[ManifestEntry]
    withheld: list[ManifestEntry]

    @property
    def viewable(self) -> bool:
        """Whether the viewer can show it."""
        return any(entry.flavour == "VOLUME" for entry in self.released)

    @property
    def told(self) -> dict[str, Any]:
        """Facts for searching, of its first released instance."""
        return self.released[0].facts if self.released else {}

    @property
    def reasons(self) -> list[str]:
        """Why instances are withheld, each reason once."""
        return list(dict.fromkeys(entry.reason or NO_LONGER for entry in self.withheld))


def install(app: Flask) -> None:
    """Put the turnstile in front, releases on the project's page, and slides to look at on the dashboard."""
    cors.origins()  # a bad setting stops the gateway here
    app.extensions.setdefault("project_panels", []).append(releases_of)
    FINDERS["release"] = released_as
    CHECKS["images"] = lambda: fitness.fault_now(clock.now())
    CHECKS["keys"] = master_key_fault
    WARNINGS["releases"] = _changed_policies
    app.wsgi_app = Turnstile(app.wsgi_app, secure=current().secure_cookies)  # type: ignore[method-assign]
    more = (reidentifying_pages.cards, forgetting_pages.cards, quarantine_pages.cards, destruction_pages.cards)
    app.extensions.setdefault("dashboard", []).extend([cards, *more])


def _changed_policies() -> str:
    with reading() as db:
        return governing.changed(db, clock.now())


def cards(account: Account) -> list[Card]:
    """A card for each release that the account can read now."""
    with reading() as db:
        projects = {each.id: each for each in projects_of(db, account.id)}
        running = {each.id for each in running_for(db, account.id, clock.now())}
        sealed = [each for each in releases_of_projects(db, list(projects)) if each.state == SEALED]
        found = [each for each in sealed if each.grant_id in running]
        shown = [
            Card(
                title="Your slides",
                text=projects[each.project_id].title,
                href=url_for("release.show", release_id=each.id),
                count=each.released,
            )
            for each in found[:MOST]
        ]
        left = len(found) - len(shown)
        return shown + ([Card("More slides", "Of your other projects.", "/projects", left)] if left else [])


def releases_of(project: Project, _account: Account) -> Markup:
    """The releases of a project's grants, for its page."""
    with reading() as db:
        found = [(grant, release_of_grant(db, grant.id)) for grant in project.grants]
        return Markup(render_template("release/_panel.html", found=found))  # noqa: S704  # a template's own markup


@pages.get("/releases/<release_id>")
@signed_in
def show(release_id: str) -> str:
    """What was released and what was withheld, and why; under which policies; until when."""
    with reading() as db:
        release, project, grant = _seen(db, release_id)
        if release.state != SEALED:
            return render_template("release/building.html", release=release, project=project, grant=grant)
        rows = _rows(db, release)
        return render_template(
            "release/release.html",
            release=release,
            project=project,
            standing=standing(grant, clock.now()),
            rows=rows,
            size=sum(entry.size for row in rows for entry in row.released),
            member=db.get(Membership, (project.id, the_account().id)) is not None,
        )


@pages.post("/releases/<release_id>/tokens")
@signed_in
@once
def make_token(release_id: str) -> str:
    """A token for this release, shown once."""
    visit = visits.enter(release_id)
    moment = clock.now()
    with transaction() as db:
        release, project, _grant = _seen(db, release_id)
        expires = min(visit.pass_.ends_at, moment + timedelta(days=current().token_max_days))
        account = db.get_one(Account, the_account().id)
        token, secret = tokens.issue(
            db, account=account, scope=f"release:{release_id}", expires=expires, now=moment, label=project.title[:60]
        )
        return _connect(release, project, secret=secret, token=token)


@pages.get("/releases/<release_id>/connect")
@signed_in
def connect(release_id: str) -> str:
    """How to reach the release from other tools, ready to copy."""
    with reading() as db:
        release, project, _grant = _seen(db, release_id)
        return _connect(release, project)


def _connect(release: Release, project: Project, **more: Any) -> str:
    root = f"{current().base_url}/releases/{release.id}/dicomweb"
    return render_template("release/connect.html", release=release, project=project, root=root, **more)


@pages.get("/releases/<release_id>/view/<series_uid>")
@signed_in
def view(release_id: str, series_uid: str) -> str:
    """The viewer on one slide; `?beside=` puts another slide of the release next to it."""
    visit, beside = visits.enter(release_id), request.args.get("beside", "")
    with reading() as db:
        release, project, _grant = _seen(db, release_id)
        rows = [row for row in _rows(db, release) if row.viewable]
        order = [row.series_uid for row in rows]
        with visits.recorded_refusal(visit.actor, visit.release):
            if series_uid not in order or (beside and (beside not in order or beside == series_uid)):
                raise NotInRelease
        at = order.index(series_uid)
        return render_template(
            "release/view.html",
            release=release,
            project=project,
            series_uid=series_uid,
            number=at + 1,
            order=order,
            beside=beside,
            before=order[at - 1] if at else None,
            after=order[at + 1] if at + 1 < len(order) else None,
            ends_at=visit.pass_.ends_at,
            now=clock.now(),
            watermark=f"{the_account().name} · {clock.now():%d %b %Y %H:%M} UTC" if visit.plan.watermark else "",
        )


@pages.get("/releases/<release_id>/view/<series_uid>/slide.json")
@signed_in
def described(release_id: str, series_uid: str) -> Response:
    """The slide's levels and facts, for the viewer."""
    visit = visits.enter(release_id)
    levels: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    with reading() as db:
        found = visits.consenting(db, visit.release, entries(db, release_id, Place(series=series_uid)))
    for entry in (each for each in found if each.flavour == "VOLUME"):
        with reading() as db, visits.opened(db, visit, entry) as opened:
            lease = visits.lease(visit, entry, "metadata")
            levels.append(pyramid.level(opened, _frames_url(release_id, entry)))
            told = told or opened.metadata
        lease.close(0, "complete")
    with visits.recorded_refusal(visit.actor, visit.release):
        if not levels:
            raise NotInRelease
    levels.sort(key=lambda each: each["width"])
    return jsonify(levels=levels, facts=pyramid.facts(told), endsAt=visit.pass_.ends_at.isoformat())


def _frames_url(release_id: str, entry: ManifestEntry) -> str:
    base = url_for("release.dicomweb.studies", release_id=release_id)
    return f"{base}/{entry.study_uid}/series/{entry.series_uid}/instances/{entry.uid}/frames"


def _seen(db: Session, release_id: str) -> tuple[Release, Project, Grant]:
    """The release, for its members and for those who look after releases. Raises NoSuchRelease."""
    release = db.get(Release, release_id)
    if release is None:
        raise NoSuchRelease
    member = db.get(Membership, (release.project_id, the_account().id)) is not None
    if not (member or may("release.build") or may("audit.read")):
        raise NoSuchRelease
    return release, db.get_one(Project, release.project_id), db.get_one(Grant, release.grant_id)


def _rows(db: Session, release: Release) -> list[SlideRow]:
    """The manifest by series; who has opted out since it was made is withheld here too."""
    manifest = whole_manifest(db, release.id)
    kept = {entry.uid for entry in visits.consenting(db, release, manifest) if entry.released}
    rows: dict[str, SlideRow] = {}
    for entry in manifest:
        row = rows.setdefault(entry.series_uid, SlideRow(entry.study_uid, entry.series_uid, [], []))
        (row.released if entry.uid in kept else row.withheld).append(entry)
    return list(rows.values())
