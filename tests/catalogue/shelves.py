"""Builders for the tests of the catalogue: archives, datasets, changed objects."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pydicom
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue import commands, queries
from gateway.catalogue.indexing import Indexed, index_archive
from gateway.catalogue.models import Instance
from gateway.trail.record import SYSTEM

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def an_archive(folder: Path, name: str = "north") -> None:
    with database.transaction() as db:
        site = commands.add_site(db, by=SYSTEM, code="NTH", name="Northern Hospital", now=MORNING)
        commands.add_archive(db, by=SYSTEM, name=name, uri=f"folder:{folder}", site=site, now=MORNING)


def index(name: str = "north") -> Indexed:
    return index_archive(by=SYSTEM, name=name, now=MORNING)


def an_indexed(folder: Path) -> Indexed:
    an_archive(folder)
    return index()


def a_dataset(slug: str = "breast", *, archive: str = "north", modality: str = "", terms: tuple[str, ...] = ()) -> str:
    with database.transaction() as db:
        made = commands.add_dataset(
            db, by=SYSTEM, slug=slug, title=slug.title(), summary="Slides of it", now=MORNING,
            archive=queries.archive(db, archive), modality=modality, terms=terms,
        )  # fmt: skip
        return made.id


def known(*, state: str = "") -> list[Instance]:
    with database.reading() as db:
        asked = select(Instance).order_by(Instance.locator)
        return list(db.scalars(asked.where(Instance.state == state) if state else asked))


def change(path: Path, **values: str) -> None:
    """Write other values into a file's header; its size stays or not, as it comes."""
    dataset = pydicom.dcmread(path)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
