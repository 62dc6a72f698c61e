"""A fresh database and data folder for each test of the trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import gateway.projects.models
import gateway.trail.models  # noqa: F401  # its tables
from gateway import settings
from gateway.db import Base, bind
from gateway.trail.leases import close_frame_book


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path) -> Iterator[Path]:
    before = settings.current()
    settings.use(replace(before, data_dir=tmp_path, database_url=""))
    tables = (
        "trail_event",
        "trail_opening",
        "trail_tile",
        "trail_checkpoint",
        "trail_cosignature",
        "trail_signing_key",
        "trail_pulse",
        "data_key",
    )
    Base.metadata.create_all(bind(settings.current().database), tables=[Base.metadata.tables[name] for name in tables])
    yield tmp_path
    close_frame_book()
    settings.use(before)
