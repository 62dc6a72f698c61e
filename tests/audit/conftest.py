"""A database with a small story on its log: two people, two projects, reads of two slides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

import gateway.catalogue.models
import gateway.people.models
import gateway.projects.models
import gateway.trail.models  # noqa: F401  # their tables
from gateway import settings
from gateway.audit import chain
from gateway.catalogue.models import Site
from gateway.db import Base, bind, transaction
from gateway.people.models import Account
from gateway.projects.models import Project
from gateway.trail import reads
from gateway.trail.record import Actor, Telling, record, record_all

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ADA = Actor("account", "ada", "Ada Lovelace", "ada@example.org")
BEN = Actor("account", "ben", "=Ben", "ben@example.org")
TRAIL = (
    "trail_event",
    "trail_opening",
    "trail_tile",
    "trail_checkpoint",
    "trail_cosignature",
    "trail_signing_key",
    "trail_timestamp",
)
SLIDE, OTHER = "2.25.111", "2.25.222"


def tell(db: Session, telling: Telling) -> int:
    return record_all(db, [telling])[0]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    before = settings.current()
    settings.use(replace(before, data_dir=tmp_path, database_url="", secure_cookies=False))
    people = ("people_account", "people_account_role", "people_sign_in", "people_token")
    tables = [Base.metadata.tables[name] for name in (*TRAIL, "project", "site", *people)]
    Base.metadata.create_all(bind(settings.current().database), tables=tables)
    chain.forget()
    yield tmp_path
    settings.use(before)


@pytest.fixture
def story(data_dir: Path) -> Path:
    """Twelve events; the folder of the database."""
    with transaction() as db:
        db.add(Site(code="NGH", name="Northfield"))
        db.add(Project(id="p2", title="Grading by machine", created_at=NOW))
        for who in (ADA, BEN):
            db.add(Account(id=who.id, email=who.email, name=who.name, created_at=NOW))
        record(db, action="grant.issued", actor=BEN, now=NOW, project="p1", subject="g1")
        record(db, action="grant.issued", actor=BEN, now=NOW, project="p2", subject="g2")
        whole = reads.Read(ADA, "p1", "r1", SLIDE, "g1", "instance", site="NGH")
        lease = tell(db, reads.opened(read=whole, now=NOW))
        tell(db, reads.closed(lease=lease, read=whole, outcome="complete", sent=1000, now=NOW))
        tiles = reads.Read(ADA, "p1", "r1", SLIDE, "g1", "frames")
        lease = tell(db, reads.opened(read=tiles, now=NOW + timedelta(days=1)))
        tell(db, reads.sent_frames(lease=lease, read=tiles, frames={1, 2, 3}, now=NOW))
        tell(db, reads.sent_frames(lease=lease, read=tiles, frames={3, 4}, now=NOW))
        tell(db, reads.closed(lease=lease, read=tiles, outcome="recovered", sent=None, now=NOW))
        lost = reads.Read(BEN, "p2", "r2", OTHER, "g2", "frames")
        lease = tell(db, reads.opened(read=lost, now=NOW + timedelta(days=2)))
        tell(db, reads.sent_frames(lease=lease, read=lost, frames={9}, now=NOW + timedelta(days=2)))
        record(db, action="grant.revoked", actor=BEN, now=NOW + timedelta(days=2), project="p2", subject="g2")
        record(db, action="journal.recovered", actor=Actor("system"), now=NOW + timedelta(days=3))
    return data_dir
