"""Images leave only while the record can be kept: each way in which it cannot stops them, and says why."""

from __future__ import annotations

import fcntl
import shutil
import threading
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, select, text

from gateway import settings
from gateway.db import bind, engine, reading, transaction
from gateway.trail import fitness, guards, leases, sequencer, signing
from gateway.trail.fitness import NotFit, RecordSlow
from gateway.trail.leases import Lease, open_lease
from gateway.trail.models import Event, Pulse
from gateway.trail.record import SYSTEM, record

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def looked_at_anew() -> None:
    fitness.forget()


def an_event(at: datetime = NOW) -> None:
    with transaction() as db:
        record(db, action="x.done", actor=SYSTEM, now=at, project="p")


def a_lease(at: datetime = NOW) -> Lease:
    return open_lease(
        actor=SYSTEM, project="p", release="r", instance="2.25.1", grant="g", how="instance", now=at
    )  # fmt: skip


def opened() -> int:
    with reading() as db:
        return db.query(Event).filter(Event.action == "release.read.opened").count()


def refused(at: datetime = NOW) -> str:
    fitness.forget()
    before = opened()
    with pytest.raises(NotFit) as told:
        a_lease(at)
    assert told.value.status == 503
    assert opened() == before
    return told.value.message


def test_with_a_sound_record_images_leave() -> None:
    an_event()
    a_lease().close(1, "complete")


def test_a_disk_that_is_nearly_full_stops_them(monkeypatch: pytest.MonkeyPatch) -> None:
    free = settings.current().disk_reserve_bytes - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(free, 0, free))
    assert "disk" in refused()


def test_a_clock_that_was_set_back_stops_them() -> None:
    an_event(NOW + timedelta(seconds=30))
    assert "clock" in refused()
    fitness.forget()
    a_lease(NOW + timedelta(seconds=31)).close(1, "complete")


def test_a_sequencer_that_is_late_is_helped() -> None:
    an_event()
    a_lease(NOW + timedelta(minutes=5)).close(1, "complete")
    with reading() as db:
        newest = sequencer.newest(db)
    assert newest is not None
    assert newest.size >= 1


def test_a_log_that_is_not_signed_for_a_minute_stops_them() -> None:
    """Another process holds the election and does nothing."""
    an_event()
    with sequencer._elected(fcntl.LOCK_EX):
        fitness.forget()
        a_lease(NOW + timedelta(seconds=59))
        assert "sequencer" in refused(NOW + timedelta(seconds=61))
    fitness.forget()
    a_lease(NOW + timedelta(seconds=61))


def test_a_bent_log_stops_them() -> None:
    an_event()
    an_event()
    with engine().begin() as connection:
        for name in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {guards.EVENTS}_no_{name}")
        connection.execute(text("UPDATE trail_event SET body = replace(body, 'x.done', 'x.gone') WHERE seq = 1"))
    assert "sequencer" in refused(NOW + timedelta(seconds=31))


def test_a_signing_key_that_is_gone_stops_them() -> None:
    an_event()
    sequencer.sequence(now=NOW)
    signing.key_file().unlink()
    an_event()
    assert "key that signs the audit log" in refused()


def test_a_database_that_does_not_answer_stops_them(tmp_path: Path) -> None:
    bind(f"sqlite:///{tmp_path}/empty.db")
    fitness.forget()
    with pytest.raises(NotFit, match="cannot be reached"):
        fitness.require(NOW)


def test_an_event_that_takes_too_long_to_write_is_not_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness, "SLOWEST", -1.0)
    with pytest.raises(RecordSlow):
        a_lease()
    with reading() as db:
        told = [(each.action, each.detail.get("outcome")) for each in db.query(Event).order_by(Event.seq)]
    assert told == [("release.read.opened", None), ("release.read.closed", "aborted")]


def test_another_key_than_the_one_that_signed_last_stops_them() -> None:
    an_event()
    sequencer.sequence(now=NOW)
    signing.key_file().unlink()
    signing._write(signing.key_file(), Ed25519PrivateKey.generate())
    assert "not the key that signed" in refused()


def test_a_store_that_takes_nothing_stops_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection of the pool may only read, as one to a standby, or to a file of another owner."""
    an_event()
    only_read = lambda connection, _record: connection.execute("PRAGMA query_only = ON")  # noqa: E731
    event.listen(engine(), "connect", only_read)
    engine().dispose()
    later = NOW + timedelta(seconds=2)  # what was just written shows that it could be, for a second
    assert "full or read-only" in refused(later)
    event.remove(engine(), "connect", only_read)
    engine().dispose()
    fitness.forget()
    a_lease(later).close(1, "complete")


def test_the_store_is_tried_once_a_second_and_not_at_all_while_events_are_written() -> None:
    def pulse() -> datetime | None:
        with reading() as db:
            return db.scalar(select(Pulse.at))

    an_event()
    fitness.require(NOW + timedelta(seconds=1))
    assert pulse() is None
    fitness.forget()
    fitness.require(NOW + timedelta(seconds=2))
    assert pulse() == NOW + timedelta(seconds=2)
    fitness.forget()
    fitness.require(NOW + timedelta(seconds=3))
    assert pulse() == NOW + timedelta(seconds=2)


def test_a_writer_that_hangs_stops_them_and_nobody_waits_long(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness, "SLOWEST", 0.1)
    an_event()
    with (data_dir / "slidegate.db.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert "two seconds" in refused(NOW + timedelta(seconds=2))


def test_a_look_that_hangs_is_a_reason_too(monkeypatch: pytest.MonkeyPatch) -> None:
    an_event()
    going_on, looks = threading.Event(), list[int]()
    monkeypatch.setattr(fitness, "LONGEST_LOOK", 0.05)
    monkeypatch.setattr(fitness, "_conditions", [lambda: (looks.append(1), going_on.wait(60), "")[2]])
    assert "two seconds" in refused()
    assert "two seconds" in refused()  # the second does not wait for a look of its own
    going_on.set()
    hung = [each for each in threading.enumerate() if each.name == "fitness"]
    for each in hung:
        each.join(10)
    assert looks == [1]
    fitness.forget()
    monkeypatch.setattr(fitness, "LONGEST_LOOK", 10)
    a_lease().close(1, "complete")


def test_frames_that_wait_to_be_written_stop_whole_images_too(monkeypatch: pytest.MonkeyPatch) -> None:
    book = leases.frame_book()
    monkeypatch.setattr(book, "_taken", 1.0)  # entered long ago
    assert "frames" in refused()
