"""A reduced demo archive, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.demo.archive import PlantedArchive, make_archive


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> PlantedArchive:
    """The demo's archive at a quarter of its size; read only."""
    return make_archive(tmp_path_factory.mktemp("archive"), scale=0.25)


@pytest.fixture(scope="session")
def objects(archive: PlantedArchive) -> list[Path]:
    """All files of the archive."""
    return sorted(path for path in archive.root.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def slides(archive: PlantedArchive) -> list[Path]:
    """The folders that hold one slide each."""
    return sorted(archive.root.glob("*/*/SM"))
