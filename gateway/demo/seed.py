"""Fill a fresh gateway with the demo: archive, accounts, datasets, and applications at every stage.

Everything goes through the same commands that pages use, so that the audit trail is a true one.
demo.json is written last: a folder without it was never finished, and is made anew.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock, db
from gateway.catalogue import commands as catalogue
from gateway.catalogue.indexing import index_archive
from gateway.catalogue.models import Archive, Dataset
from gateway.catalogue.screening import screen_datasets
from gateway.demo.applications import play
from gateway.demo.archive import PlantedArchive, make_archive
from gateway.demo.story import DATASETS, PEOPLE, STORIES
from gateway.migrate import scripts_sha256, upgrade
from gateway.people import commands as people
from gateway.people import tokens
from gateway.people.models import Account
from gateway.projects.models import Grant, Membership
from gateway.release.building import build
from gateway.release.models import Release
from gateway.settings import current, use
from gateway.trail.record import SYSTEM

FRESH_FOR = timedelta(days=7)  # tokens in demo.json end after 30
Say = Callable[[str], None]


def ensure_demo(directory: Path, *, base_url: str, scale: float, say: Say) -> dict[str, Any]:
    """What demo.json says; makes the demo first if it is not there, has grown old, or has other tables."""
    directory = directory.resolve()
    use(replace(current(), data_dir=directory, base_url=base_url, secure_cookies=False))
    described = _existing(directory)
    if described is None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        described = _made(directory, scale, say)
    return _write(directory, described, base_url)


def _existing(directory: Path) -> dict[str, Any] | None:
    path = directory / "demo.json"
    if not path.is_file():
        return None
    described: dict[str, Any] = json.loads(path.read_text("utf-8"))
    fresh = clock.now() - datetime.fromisoformat(described["made"]) < FRESH_FOR
    return described if fresh and described.get("tables") == scripts_sha256() else None


def _write(directory: Path, described: dict[str, Any], base_url: str) -> dict[str, Any]:
    """demo.json for this address, whole or not at all, readable by its owner only."""
    release = described["release"]
    url = f"{base_url}/releases/{release['id']}/dicomweb"
    described = {**described, "base_url": base_url, "release": {**release, "dicomweb_url": url}}
    draft = directory / "demo.json.draft"
    draft.touch(0o600)
    draft.write_text(json.dumps(described, indent=1, ensure_ascii=False), "utf-8")
    draft.rename(directory / "demo.json")
    return described


def _made(directory: Path, scale: float, say: Say) -> dict[str, Any]:
    now = clock.now()
    opened = now - timedelta(days=30)
    say("making three hospitals, their patients and their slides ...")
    archive = make_archive(directory / "archive", scale=scale)
    upgrade()
    passwords = {person.key: secrets.token_urlsafe(9) for person in PEOPLE}
    with db.transaction() as session:
        accounts = {
            person.key: people.create_account(
                session, by=SYSTEM, email=person.email, name=person.name, organisation=person.organisation,
                password=passwords[person.key], roles=[person.role], now=opened,
            )
            for person in PEOPLE
        }  # fmt: skip
    say("indexing the archives ...")
    _catalogue(archive, opened)
    say("looking at the pixels for burnt-in text ...")
    with db.reading() as session:
        every = list(session.scalars(select(Dataset.id)))
    screen_datasets(every, by=SYSTEM, now=opened)
    say("walking applications through the committee, releasing slides ...")
    with db.transaction() as session:
        here = {key: session.merge(account) for key, account in accounts.items()}
        slugs = [each.slug for each in session.scalars(select(Dataset).order_by(Dataset.slug))]
        for story in STORIES:
            play(session, story, here, slugs, now)
    release = _release(accounts["researcher"], now)
    with db.transaction() as session:
        secret = _token(session, accounts["researcher"], f"release:{release.id}", now)
        described = {
            person.key: {
                "email": person.email,
                "password": passwords[person.key],
                "token": _token(session, accounts[person.key], "account", now),
            }
            for person in PEOPLE
        }
    return {
        "made": now.isoformat(),
        "tables": scripts_sha256(),
        "base_url": "",
        "accounts": described,
        "release": {"id": release.id, "dicomweb_url": "", "token": secret},
        "archive": str(archive.root),
        "planted": archive.planted,
    }


def _catalogue(archive: PlantedArchive, now: datetime) -> None:
    for code, name, folder in archive.sites:
        with db.transaction() as session:
            site = catalogue.add_site(session, by=SYSTEM, code=code, name=name, now=now)
            catalogue.add_archive(
                session, by=SYSTEM, name=code.lower(), uri=f"folder:{folder.resolve()}", site=site, now=now
            )
        index_archive(by=SYSTEM, name=code.lower(), now=now)
    with db.transaction() as session:
        for each in DATASETS:
            source = session.scalars(select(Archive).where(Archive.name == each.archive)).one()
            catalogue.add_dataset(
                session, by=SYSTEM, slug=each.slug, title=each.title, summary=each.summary, archive=source,
                terms=each.terms, deid_policy=current().default_deid_policy, now=now,
            )  # fmt: skip


def _release(researcher: Account, now: datetime) -> Release:
    """The release of the researcher's grant, built now instead of by the jobs worker."""
    with db.reading() as session:
        grant = session.scalars(
            select(Grant)
            .join(Membership, Membership.project_id == Grant.project_id)
            .where(Membership.account_id == researcher.id)
        ).one()
    return build(by=SYSTEM, grant_id=grant.id, now=now)


def _token(session: Session, account: Account, scope: str, now: datetime) -> str:
    expires = now + timedelta(days=current().token_max_days)
    _row, secret = tokens.issue(
        session, account=session.get_one(Account, account.id), scope=scope, expires=expires, now=now, label="demo"
    )
    return secret
