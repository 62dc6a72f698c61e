"""A database with every table, and archives made of real files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import db as database
from gateway import settings as settings_room
from gateway.demo.archive import PlantedArchive, make_archive
from gateway.migrate import upgrade
from gateway.settings import Settings


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> PlantedArchive:
    """The demo's archive, small; read only."""
    return make_archive(tmp_path_factory.mktemp("planted"), scale=0.25)


@pytest.fixture
def slides(planted: PlantedArchive, tmp_path: Path) -> Path:
    """A copy of one case's folder: five good objects of one slide."""
    case = sorted((planted.root / "NGH").iterdir())[0]
    return Path(shutil.copytree(case, tmp_path / "slides"))


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Settings]:
    """An empty database, made by the migrations."""
    before = settings_room.current()
    chosen = replace(Settings(), data_dir=tmp_path / "data")
    settings_room.use(chosen)
    engine = database.bind(chosen.database)
    upgrade()
    yield chosen
    engine.dispose()
    settings_room.use(before)
