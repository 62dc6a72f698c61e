"""The database as threads and processes meet it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from gateway import db as database
from gateway import settings as settings_room
from gateway.settings import Settings


def test_threads_that_are_first_together_get_one_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_room.current()
    settings_room.use(Settings(data_dir=tmp_path))
    together = Barrier(8)

    def first() -> int:
        together.wait()
        with database.reading() as db:
            return int(db.scalar(text("SELECT 1")) or 0)

    for _ in range(10):
        monkeypatch.setattr(database, "_bound", None)
        with ThreadPoolExecutor(8) as pool:
            assert [each.result() for each in [pool.submit(first) for _ in range(8)]] == [1] * 8
    settings_room.use(before)


def test_what_raises_is_rolled_back_whole(tmp_path: Path) -> None:
    database.bind(f"sqlite:///{tmp_path / 'x.db'}")
    with database.transaction() as db:
        db.execute(text("CREATE TABLE kept (n INTEGER)"))

    def half_way() -> None:
        with database.transaction() as db:
            db.execute(text("INSERT INTO kept VALUES (1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    with database.reading() as db:
        assert db.scalar(text("SELECT count(*) FROM kept")) == 0
