"""Writers take turns, and none waits for ever."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway import db as database
from gateway import turns
from gateway.turns import DatabaseBusy, Unwritable, at_most, turn


def test_a_turn_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with turn(path), at_most(0.05), pytest.raises(DatabaseBusy), turn(path):
        raise AssertionError
    with at_most(0.05), turn(path):
        pass


def test_one_that_gave_up_does_not_keep_the_turn_that_came_later(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with turn(path), at_most(0.01):
        for _ in range(5):
            with pytest.raises(DatabaseBusy), turn(path):
                raise AssertionError
    for thread in [each for each in threading.enumerate() if each.name == "turn"]:
        thread.join(10)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_only_so_many_wait_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    monkeypatch.setattr(turns, "_waiting", threading.BoundedSemaphore(1))
    assert turns._waiting.acquire(blocking=False)
    with turn(path), pytest.raises(DatabaseBusy), turn(path):
        raise AssertionError


def test_all_who_wait_get_their_turn(tmp_path: Path) -> None:
    path, inside, done = tmp_path / "lock", list[int](), list[int]()

    def write(number: int) -> None:
        for _ in range(20):
            with turn(path):
                inside.append(number)
                assert len(inside) == 1
                inside.clear()
        done.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(done) == list(range(8))


def test_a_store_without_a_place_for_the_lock_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unwritable), turn(tmp_path / "missing" / "lock"):
        raise AssertionError


def test_another_program_that_keeps_sqlite_locked_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    database.bind(f"sqlite:///{tmp_path / 'x.db'}")
    with database.transaction() as db:
        db.execute(text("CREATE TABLE kept (n INTEGER)"))
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with at_most(0.05), pytest.raises(DatabaseBusy), database.transaction() as db:
        db.execute(text("INSERT INTO kept VALUES (1)"))
    other.execute("ROLLBACK")
    other.close()
    with at_most(0.05), database.transaction() as db:
        db.execute(text("INSERT INTO kept VALUES (1)"))


def test_a_database_that_may_only_be_read_says_so(tmp_path: Path) -> None:
    database.bind(f"sqlite:///{tmp_path / 'x.db'}")
    with database.transaction() as db:
        db.execute(text("CREATE TABLE kept (n INTEGER)"))
        db.execute(text("PRAGMA query_only = ON"))  # this connection's, which is the next one's too
    with pytest.raises(Unwritable), database.transaction() as db:
        db.execute(text("INSERT INTO kept VALUES (1)"))
    database.engine().dispose()
