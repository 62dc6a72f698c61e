"""What PostgreSQL does by itself: migrations both ways, a log that cannot be bent, one writer at a time, and crashes.

The rest of the suite runs on it with TEST_POSTGRESQL=1 (tests/databases.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from gateway import clock
from gateway import db as database
from gateway import settings as settings_room
from gateway.audit.chain import check
from gateway.migrate import downgrade, upgrade
from gateway.settings import Settings
from gateway.trail import intake
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM, Telling, record
from gateway.trail.sequencer import newest, sequence
from gateway.turns import PATIENT, DatabaseBusy, Unwritable, at_most
from tests.databases import programs, server
from tests.faults.crashes import lost

pytestmark = pytest.mark.skipif(programs() is None, reason="no PostgreSQL on this machine: apt-get install postgresql")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A new database with all tables, and this process pointed at it."""
    before = settings_room.current()
    name = f"t{tmp_path.name}".replace("-", "_")
    server().make(name)
    settings_room.use(Settings(data_dir=tmp_path, database_url=server().url(name)))
    database.bind(settings_room.current().database)
    upgrade()
    yield settings_room.current().database
    database.engine().dispose()
    settings_room.use(before)


def write(action: str = "x.done") -> int:
    with database.transaction() as db:
        return record(db, action=action, actor=SYSTEM, now=clock.now(), project="p").seq


def test_down_and_up_again_with_events_in_it(url: str) -> None:
    write()
    downgrade("base")
    assert set(inspect(database.engine()).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert write() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_event SET body = 'x'", "DELETE FROM trail_event", "TRUNCATE trail_event CASCADE",
        "INSERT INTO trail_event SELECT 9, at, action, actor_kind, actor_id, project, pseq, subject, release_id, "
        "instance_uid, lease_seq, site, body, prev, hash FROM trail_event WHERE seq = 1",
        "UPDATE trail_checkpoint SET note = 'x'", "DELETE FROM trail_checkpoint", "TRUNCATE trail_tile",
        "UPDATE trail_tile SET hashes = ''::bytea", "DELETE FROM trail_tile",
    ],
    ids=range(9),
)  # fmt: skip
def test_the_database_refuses_to_bend_the_record(url: str, statement: str) -> None:
    write()
    write()
    sequence(now=clock.now())
    with pytest.raises(DBAPIError, match=r"append-only|must follow"), database.transaction() as db:
        db.execute(text(statement))


def test_a_record_that_was_bent_all_the_same_is_seen(url: str) -> None:
    for _ in range(5):
        write()
    with database.reading() as db:
        assert check(db).verdict.faults == []
    with database.transaction() as db:
        db.execute(text("ALTER TABLE trail_event DISABLE TRIGGER USER"))
        db.execute(text("UPDATE trail_event SET body = replace(body, 'x.done', 'y.done') WHERE seq = 3"))
    with database.reading() as db:
        assert check(db).verdict.faults


def test_many_writers_leave_one_log_without_a_gap(url: str) -> None:
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _each: write(), range(120)))
    with database.reading() as db:
        assert list(db.scalars(select(Event.seq).order_by(Event.seq))) == list(range(1, 121))
        assert list(db.scalars(select(Event.pseq).order_by(Event.seq))) == list(range(1, 121))
    sequence(now=clock.now())
    with database.reading() as db:
        signed = newest(db)
    assert signed is not None
    assert signed.size == 121  # with the key that signs


def test_what_a_writer_has_checked_stays_so_until_it_commits(url: str) -> None:
    inside, waiting = threading.Event(), threading.Event()
    seen: list[int] = []

    def second() -> None:
        waiting.set()
        with database.transaction() as db:
            seen.append(db.query(Event).count())

    with database.transaction() as db:
        inside.set()
        thread = threading.Thread(target=second)
        thread.start()
        waiting.wait(10)
        record(db, action="x.done", actor=SYSTEM, now=clock.now())
    thread.join(10)
    assert seen == [1]


def test_a_reader_sees_one_state_and_changes_nothing(url: str) -> None:
    write()
    with database.reading() as db:
        before = db.query(Event).count()
        write()
        assert db.query(Event).count() == before == 1
        with pytest.raises(DBAPIError, match="read-only"):
            db.execute(text("DELETE FROM trail_opening"))


def test_events_of_many_threads_share_commits_and_stand_in_the_order_of_each(url: str) -> None:
    def tell(project: str) -> list[int]:
        return [intake.write(Telling("x.done", SYSTEM, clock.now(), project)) for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(tell, "abcdefgh"))
    assert sorted(seq for seqs in told for seq in seqs) == list(range(1, 161))
    assert all(seqs == sorted(seqs) for seqs in told)
    sequence(now=clock.now())  # refuses a log that is bent


@pytest.mark.parametrize("mutant", [False, True])
def test_no_frame_is_without_a_record_however_often_the_database_crashes(mutant: bool) -> None:
    received, missing = lost(2, mutant=mutant)
    assert received > 50
    assert (missing > 0) is mutant


def test_nobody_waits_for_ever_for_another_writer(url: str) -> None:
    write()
    with database.transaction() as other:
        other.execute(text("SELECT 1"))
        with ThreadPoolExecutor(1) as pool:

            def hurried() -> None:
                with at_most(0.1):
                    write()

            with pytest.raises(DatabaseBusy):
                pool.submit(hurried).result(60)
    assert write() == 2


def test_a_store_that_may_only_be_read_says_so(url: str) -> None:
    forbidden = "SELECT set_config('transaction_read_only', 'on', true); DELETE FROM people_account"
    with pytest.raises(Unwritable), database.transaction() as db:
        db.connection().exec_driver_sql(forbidden)


def test_a_statement_takes_a_minute_at_most_unless_the_work_is_in_the_background(url: str) -> None:
    def longest() -> list[str]:
        asked = text("SHOW statement_timeout")
        with database.transaction() as db:
            writing = str(db.scalar(asked))
        with database.reading() as db:
            return [writing, str(db.scalar(asked))]

    assert longest() == ["1min", "1min"]
    with at_most(PATIENT):
        assert longest() == ["15min", "15min"]
