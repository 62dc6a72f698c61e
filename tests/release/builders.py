"""Builders for the tests of releases: a small archive of real slides, and gateways that release it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder

import gateway.governance.meeting_models
import gateway.governance.models
import gateway.jobs.models
import gateway.screening.models
import gateway.transparency.models
import gateway.visas.models
import gateway.webhooks.models  # noqa: F401  # their tables
from app import create_app
from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue import commands as catalogue
from gateway.catalogue.indexing import index_archive
from gateway.catalogue.models import Dataset
from gateway.catalogue.screening import screen_datasets
from gateway.clock import now
from gateway.demo.frames import JPEG_420, JPEG_422
from gateway.demo.patients import cast
from gateway.demo.slides import Case, SlideSpec, write_slide
from gateway.demo.uids import Uids
from gateway.people.models import Account
from gateway.people.tokens import issue as issue_token
from gateway.pixels.detect.reader import Reader
from gateway.projects import grants
from gateway.projects.commands import begin_project
from gateway.projects.models import Grant
from gateway.projects.readiness import NOTHING
from gateway.release.building import build
from gateway.release.models import ManifestEntry, Release
from gateway.release.turnstile import forget_everybody
from gateway.settings import ROOT, Settings
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.people.visitors import an_account, bearer

DAY = timedelta(days=1)
SITE = "NGH"
SPECS = (
    SlideSpec(JPEG_422, width=1792, height=1280),
    SlideSpec(JPEG_420, width=1280, height=1024, tiling="gaps", levels=2, tile=128),
)


@cache
def eyes() -> Reader:
    """The engine, once for each process of the tests."""
    return Reader()


def an_archive(root: Path) -> list[Case]:
    """Two slides of two patients, 3 and 2 levels, each with its label and overview."""
    cases = []
    for number, (spec, patient) in enumerate(zip(SPECS, cast(5, len(SPECS)), strict=True)):
        accession = f"{SITE}26-51000{number}"
        case = Case(
            patient, Uids(accession, patient), SITE, "Northfield", accession, "A1", f"2026030{number + 2}", spec, 705
        )
        write_slide(root / accession, case)
        cases.append(case)
    return cases


def a_catalogue(folder: Path) -> None:
    """The archive indexed, and one dataset of all of it."""
    with database.transaction() as db:
        site = catalogue.add_site(db, by=SYSTEM, code=SITE, name="Northfield", now=now())
        archive = catalogue.add_archive(db, by=SYSTEM, name="ngh", uri=f"folder:{folder}", site=site, now=now())
    index_archive(by=SYSTEM, name="ngh", now=now())
    with database.transaction() as db:
        catalogue.add_dataset(
            db, by=SYSTEM, slug="slides", title="Slides", summary="Slides", archive=db.merge(archive),
            terms=["DUO:0000042"], deid_policy="pathology-research", now=now(),
        )  # fmt: skip


def a_release(
    lead: Account, *, starts: datetime | None = None, ends: datetime | None = None, policy: str = "pathology-research"
) -> Release:
    """A project of this lead, its grant (a month around now unless told) and the release of it."""
    begins = starts or now() - DAY
    moment = min(begins, now()) - DAY
    with database.reading() as db:
        datasets = list(db.scalars(select(Dataset.id)))
    screen_datasets(datasets, by=SYSTEM, now=moment, eyes=eyes())
    with database.transaction() as db:
        project = begin_project(
            db, by=SYSTEM, title="Counting", lay_title="Counting", lay_summary="We count.", lead=lead, now=moment
        )
        dataset = db.scalars(select(Dataset)).one()
        grant = grants.issue(
            db, by=SYSTEM, project=project, datasets=[dataset.id], starts=begins, ends=ends or now() + 30 * DAY,
            deid_policy=policy, needs=NOTHING, now=moment,
        )  # fmt: skip
    return build(by=SYSTEM, grant_id=grant.id, now=moment)


@dataclass
class World:
    """A gateway with one release, its reader, and what tests ask of them."""

    app: Flask
    archive: Path
    reader: Account
    release: Release
    token: str = ""

    def token_for(self, account: Account, scope: str = "", *, days: float = 1, made: datetime | None = None) -> str:
        """A token's secret; for the release unless told otherwise."""
        moment = made or now()
        with database.transaction() as db:
            _, secret = issue_token(
                db, account=account, scope=scope or f"release:{self.release.id}",
                expires=moment + timedelta(days=days), now=moment,
            )  # fmt: skip
            return secret

    def build_anew(self) -> None:
        """The release made once more, under the policies and screenings as they are now."""
        with database.transaction() as db:
            db.execute(delete(ManifestEntry))
            db.execute(delete(Release))
            grant = db.scalars(select(Grant)).one()
        self.release = build(by=SYSTEM, grant_id=grant.id, now=now())
        self.token = self.token_for(self.reader)

    @property
    def root(self) -> str:
        return f"/releases/{self.release.id}/dicomweb"

    @property
    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def get(self, path: str, *, token: str | None = None, **headers: str) -> Any:
        """GET below the DICOMweb root (or an absolute path) with the reader's token."""
        url = path if path.startswith(("/releases", "/api")) else self.root + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.browser.get(url, headers=bearer(self.token if token is None else token) | named)
        answer.get_data()  # to the last byte, as tests look at the record next
        answer.close()
        return answer

    def entries(self) -> list[ManifestEntry]:
        with database.reading() as db:
            asked = select(ManifestEntry).where(ManifestEntry.release_id == self.release.id)
            return list(db.scalars(asked.order_by(ManifestEntry.position)))

    def released(self) -> list[ManifestEntry]:
        return [each for each in self.entries() if each.released]

    def biggest(self) -> ManifestEntry:
        return max(self.released(), key=lambda each: each.size)

    def revoke(self) -> None:
        with database.transaction() as db:
            grant = db.get_one(Grant, self.release.grant_id)
            grants.revoke(db, by=SYSTEM, grant=grant, reason="a test", now=now())


def at(entry: ManifestEntry, rest: str = "") -> str:
    """The path of an instance."""
    return f"/studies/{entry.study_uid}/series/{entry.series_uid}/instances/{entry.uid}{rest}"


@contextmanager
def on_a_socket(world: World) -> Iterator[str]:
    """The gateway on a real socket, in this process; its address."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


@contextmanager
def a_client(world: World) -> Iterator[httpx.Client]:
    """Who asks over HTTP, below the DICOMweb root, with the reader's token."""
    with (
        on_a_socket(world) as address,
        httpx.Client(base_url=address + world.root, headers=bearer(world.token), timeout=60) as client,
    ):
        yield client


@contextmanager
def a_download(world: World, path: str) -> Iterator[tuple[int, Any]]:
    """(Content-Length, iterator of the body) as a server sees them, closed at the end as a server does."""
    started: list[Any] = []
    environ = EnvironBuilder(world.root + path, headers=bearer(world.token)).get_environ()
    body = world.app(environ, lambda status, headers: started.extend([status, dict(headers)]))
    assert started[0] == "200 OK"
    try:
        yield int(started[1]["Content-Length"]), iter(body)
    finally:
        body.close()  # type: ignore[attr-defined]  # PEP 3333


def events(*actions: str) -> list[Event]:
    """Events of these actions, oldest first."""
    with database.reading() as db:
        return list(db.scalars(select(Event).where(Event.action.in_(actions)).order_by(Event.seq)))


_templates: list[Path] = []


def the_template(root: Path) -> Path:
    """A whole data directory with archive, catalogue and one release: made once in a process, copied for each test.

    Its archive is read by all, so no test changes it.
    """
    if _templates:
        return _templates[0]
    before = settings_room.current()
    an_archive(root / "archive")
    (root / "data").mkdir()
    shutil.copytree(ROOT / "policies", root / "data" / "policies")
    with bound_to(root / "data"):
        a_catalogue(root / "archive")
        a_release(an_account("ada"))
    settings_room.use(before)
    _templates.append(root)
    return root


@contextmanager
def bound_to(data: Path) -> Iterator[Settings]:
    """This process with its data there."""
    chosen = Settings(data_dir=data, policies_dir=data / "policies", secure_cookies=False)
    settings_room.use(chosen)
    engine = database.bind(chosen.database)
    database.Base.metadata.create_all(engine)
    try:
        yield chosen
    finally:
        engine.dispose()


@contextmanager
def a_gateway(tmp_path: Path, template: Path) -> Iterator[World]:
    """The whole application over a copy of the template."""
    before = settings_room.current()
    data = tmp_path / "data"
    shutil.copytree(template / "data", data)
    with bound_to(data) as chosen:
        app = create_app(chosen)
        with database.reading() as db:
            release = db.scalars(select(Release)).one()
            reader = db.scalars(select(Account).where(Account.email == "ada@example.org")).one()
        world = World(app, template / "archive", reader, release)
        world.token = world.token_for(reader)
        yield world
        forget_everybody()
    settings_room.use(before)
