"""A gateway with two sites, and consents in plain text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue.commands import add_site
from gateway.cli import main
from gateway.migrate import upgrade
from gateway.settings import Settings
from gateway.trail.record import SYSTEM

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATIENT = "MRN-7730194"
HEAD = "patient_id,version,terms,from,until,status"


@contextmanager
def a_gateway(folder: Path) -> Iterator[Path]:
    """Its data directory; two sites are there."""
    before = settings_room.current()
    chosen = replace(Settings(), data_dir=folder / "data")
    settings_room.use(chosen)
    engine = database.bind(chosen.database)
    upgrade()
    with database.transaction() as db:
        for code in ("NTH", "STH"):
            add_site(db, by=SYSTEM, code=code, name=code, now=MORNING)
    yield folder / "data"
    engine.dispose()
    settings_room.use(before)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit status of a command."""
    monkeypatch.setattr(sys, "argv", ["slidegate", *words])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0
