"""No durable record, no bytes: leases, the journal, and what is left after kill -9."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import clock
from gateway.db import Base, bind, engine, reading
from gateway.trail import fitness, framebook, journal
from gateway.trail.fitness import NotFit
from gateway.trail.framebook import FrameBook, JournalStuck, LeaseOver
from gateway.trail.frames import unpacked
from gateway.trail.journal import Journal, JournalFull, abandoned
from gateway.trail.leases import EventLease, Lease, close_frame_book, frame_book, open_lease
from gateway.trail.models import Event
from gateway.trail.reads import CLOSED, FRAMES, OPENED, How, Read
from gateway.trail.record import Actor
from gateway.trail.recovery import recover
from gateway.turns import DatabaseBusy

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ADA = Actor("account", "ada", "Ada")


def a_lease(how: How = "frames", instance: str = "2.25.1", now: datetime = NOW, grant: str = "g") -> Lease:
    return open_lease(
        actor=ADA, project="p", release="r", instance=instance, grant=grant, how=how, now=now, session="t"
    )


def events(action: str) -> list[Event]:
    with reading() as db:
        found = list(db.scalars(select(Event).where(Event.action == action).order_by(Event.seq)))
        db.expunge_all()
    return found


def test_a_lease_is_on_the_record_before_it_is_given() -> None:
    lease = a_lease("instance")
    (opened,) = events(OPENED)
    assert opened.seq == lease.seq
    assert (opened.actor_id, opened.project, opened.release_id, opened.instance_uid) == ("ada", "p", "r", "2.25.1")
    assert opened.detail == {"grant": "g", "how": "instance", "instance": "2.25.1", "release": "r", "session": "t"}


def test_a_lease_that_cannot_be_recorded_is_not_given(data_dir: Path) -> None:
    engine().dispose()
    for path in data_dir.glob("slidegate.db*"):
        path.unlink()
    with pytest.raises(Exception, match="cannot be reached"):
        a_lease("instance")


def test_closing_tells_the_bytes_and_the_outcome_once() -> None:
    lease = a_lease("instance")
    lease.close(123, "aborted")
    lease.close(456, "complete")
    (closed,) = events(CLOSED)
    assert closed.lease_seq == lease.seq
    assert (closed.detail["bytes_sent"], closed.detail["outcome"]) == (123, "aborted")


def test_requests_for_frames_share_a_lease_for_a_minute() -> None:
    first = a_lease(now=NOW)
    assert a_lease(now=NOW + timedelta(seconds=59)).seq == first.seq
    assert a_lease(now=NOW + timedelta(seconds=60)).seq != first.seq
    assert a_lease(grant="another").seq != first.seq


def test_one_lease_is_opened_when_many_ask_at_once() -> None:
    threads = [threading.Thread(target=a_lease) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events(OPENED)) == 1


def test_frames_become_one_event_for_each_lease() -> None:
    one, two = a_lease(instance="2.25.1"), a_lease(instance="2.25.2")
    for number in (5, 6, 7, 5):
        one.frame(number)
    two.frame(0)
    frame_book().flush(NOW)
    frame_book().flush(NOW)
    told = {event.lease_seq: unpacked(event.detail) for event in events(FRAMES)}
    assert told == {one.seq: {5, 6, 7}, two.seq: {0}}
    assert len(events(FRAMES)) == 2


def test_a_silent_lease_is_closed_and_admits_no_more_frames() -> None:
    lease = a_lease()
    lease.frame(1)
    lease.close(1000, "complete")
    frame_book().flush(NOW + timedelta(seconds=50))
    frame_book().flush(NOW + timedelta(seconds=79))
    assert events(CLOSED) == []
    frame_book().flush(NOW + timedelta(seconds=81))
    (closed,) = events(CLOSED)
    assert (closed.lease_seq, closed.detail["bytes_sent"]) == (lease.seq, 1000)
    with pytest.raises(LeaseOver):
        lease.frame(2)


def test_a_lease_ends_as_badly_as_the_worst_request_under_it() -> None:
    lease, cut, stopped = a_lease(), a_lease(instance="2.25.2"), a_lease(instance="2.25.3")
    for each, outcomes in ((lease, ("complete",)), (cut, ("aborted", "complete")), (stopped, ("stopped", "aborted"))):
        for outcome in outcomes:
            each.close(1, outcome)
    close_frame_book()
    assert {each.lease_seq: each.detail["outcome"] for each in events(CLOSED)} == {
        lease.seq: "complete", cut.seq: "aborted", stopped.seq: "stopped",
    }  # fmt: skip


def test_a_lease_stays_open_while_a_stream_runs_under_it() -> None:
    lease = a_lease()
    lease.hold()
    lease.frame(1)
    frame_book().flush(NOW)
    frame_book().flush(NOW + timedelta(seconds=600))
    assert events(CLOSED) == []
    lease.close(70, "aborted")
    frame_book().flush(NOW + timedelta(seconds=601))
    (closed,) = events(CLOSED)
    assert (closed.detail["outcome"], closed.detail["bytes_sent"]) == ("aborted", 70)


def test_a_stream_that_runs_at_the_end_of_its_process_was_cut() -> None:
    a_lease().hold()
    close_frame_book()
    assert [each.detail["outcome"] for each in events(CLOSED)] == ["aborted"]


def test_an_orderly_end_leaves_nothing_open_and_no_journal(data_dir: Path) -> None:
    lease = a_lease()
    lease.frame(3)
    close_frame_book()
    assert [event.lease_seq for event in events(CLOSED)] == [lease.seq]
    assert unpacked(events(FRAMES)[0].detail) == {3}
    assert list((data_dir / "journal").iterdir()) == []
    with pytest.raises(LeaseOver):
        lease.frame(4)


def test_a_full_journal_is_flushed_before_the_next_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ENTRIES", 64)
    monkeypatch.setattr(framebook, "EVERY", 3600)
    lease = a_lease()
    for number in range(200):
        lease.frame(number)
    frame_book().flush(NOW)
    assert set().union(*(unpacked(event.detail) for event in events(FRAMES))) == set(range(200))


def test_frames_that_cannot_be_made_durable_stop(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framebook, "EVERY", 0.01)
    monkeypatch.setattr(framebook, "LONGEST_LATE", 0.05)
    book = FrameBook(data_dir / "other", engine())
    entry = book.lease(Read(ADA, "p", "r", "2.25.9", "g", "frames"), clock.now())
    engine().dispose()
    for path in data_dir.glob("slidegate.db*"):
        path.unlink()
    never = threading.Event()

    def send() -> None:
        for _ in range(20_000):
            book.enter(entry, 1)
            never.wait(0.005)  # the frame book's thread needs its turn

    with pytest.raises(JournalStuck):
        send()
    book.abandon()


def test_a_book_writes_in_its_own_database_only(
    data_dir: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framebook, "EVERY", 0.01)
    book = FrameBook(data_dir / "other", engine())
    entry = book.lease(Read(ADA, "p", "r", "2.25.9", "g", "frames"), clock.now())
    another = bind(f"sqlite:///{tmp_path_factory.mktemp('another') / 'x.db'}")
    Base.metadata.create_all(another)
    book.enter(entry, 1)
    book._thread.join(timeout=30)
    assert not book._thread.is_alive()
    with reading() as db:
        assert db.scalar(select(func.count()).select_from(Event)) == 0


def test_a_journal_let_go_of_twice_closes_nothing_of_others(data_dir: Path, tmp_path: Path) -> None:
    journal = Journal.create(data_dir / "journals")
    journal.discard()
    with (tmp_path / "other").open("w") as other:  # takes the freed descriptor
        journal.discard()
        other.write("still open")
    assert (tmp_path / "other").read_text() == "still open"


def test_a_journal_never_overwrites_what_is_not_durable(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ENTRIES", 4)
    made = Journal.create(data_dir / "j")
    for number in range(4):
        made.enter(1, number)
    with pytest.raises(JournalFull):
        made.enter(1, 4)
    made.durable(2)
    made.enter(1, 4)
    assert made.entries(made.tail, made.head) == {1: {2, 3, 4}}
    made.discard()


WORKER = """
import sys, time
from dataclasses import replace
from pathlib import Path
from gateway import clock, settings
settings.use(replace(settings.load({}), data_dir=Path(sys.argv[1])))
from gateway.trail import framebook
framebook.EVERY = 3600
from gateway.trail.leases import open_lease
from gateway.trail.record import Actor
def lease(uid, how):
    return open_lease(actor=Actor("account", "ada"), project="p", release="r", instance=uid, grant="g", how=how,
                      now=clock.now())
lease("2.25.99", "instance")
frames = lease("2.25.1", "frames")
number = 0
while True:
    frames.frame(number)
    print(number, flush=True)  # stands for the bytes that leave
    number += 1
"""


def killed_worker(data_dir: Path) -> list[int]:
    """The frames that a worker sent before it was killed without warning."""
    command = [sys.executable, "-c", WORKER, str(data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    sent = [int(process.stdout.readline()) for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    sent += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    return sent


def test_no_frame_left_a_killed_worker_without_a_record(data_dir: Path) -> None:
    sent = killed_worker(data_dir)
    assert events(FRAMES) == []
    assert recover(now=NOW) == 1
    (frames,) = events(FRAMES)
    recorded = unpacked(frames.detail)
    assert set(sent) <= recorded
    assert len(recorded) <= len(sent) + 1  # at most one was entered and not sent
    (closed,) = events(CLOSED)
    assert (closed.lease_seq, closed.detail["outcome"]) == (frames.lease_seq, "recovered")
    assert recover(now=NOW) == 0


def test_a_whole_instance_in_flight_at_the_kill_stays_open(data_dir: Path) -> None:
    killed_worker(data_dir)
    recover(now=NOW)
    opened = {event.seq for event in events(OPENED) if event.detail["how"] == "instance"}
    assert opened.isdisjoint(event.lease_seq for event in events(CLOSED))


def test_after_a_restart_of_the_host_a_frames_lease_stays_open(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_worker(data_dir)
    monkeypatch.setattr(journal, "boot_words", lambda: (1, 2))
    assert recover(now=NOW) == 1
    assert len(events(FRAMES)) == 1
    assert events(CLOSED) == []


def test_a_living_workers_journal_is_left_alone(data_dir: Path) -> None:
    a_lease().frame(1)
    assert recover(now=NOW) == 0
    assert list(abandoned(data_dir / "journal")) == []


def test_a_failed_recovery_keeps_the_journal(data_dir: Path) -> None:
    killed_worker(data_dir)
    with reading() as db:
        db.execute(select(Event.seq))
    engine().dispose()  # the last connection to close moves the WAL into the file
    shutil.move(data_dir / "slidegate.db", data_dir / "aside.db")
    with pytest.raises(Exception, match="no such table"):
        recover(now=NOW)
    engine().dispose()
    for path in data_dir.glob("slidegate.db*"):
        path.unlink()
    shutil.move(data_dir / "aside.db", data_dir / "slidegate.db")
    assert recover(now=NOW) == 1


def test_a_forked_child_has_a_journal_of_its_own(data_dir: Path) -> None:
    a_lease().frame(1)
    child = os.fork()
    if child == 0:
        engine().dispose(close=False)
        a_lease(instance="2.25.2").frame(2)
        mine = len(list((data_dir / "journal").iterdir()))
        os._exit(0 if mine == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert recover(now=NOW) == 1
    assert [unpacked(event.detail) for event in events(FRAMES) if event.instance_uid == "2.25.2"] == [{2}]
    a_lease().frame(3)


@contextmanager
def a_writer_that_hangs(data_dir: Path) -> Iterator[None]:
    """Another process that has the writers' turn and does not give it back."""
    with (data_dir / "slidegate.db.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def until_refused(lease: Lease, error: type[Exception]) -> list[int]:
    """The frames that are let out before that is raised."""
    over, frames, tick = time.monotonic() + 30, list[int](), threading.Event()
    while time.monotonic() < over:
        try:
            lease.frame(len(frames))
        except error:
            return frames
        frames.append(len(frames))
        tick.wait(0.005)
    raise AssertionError("frames went on leaving")


def test_no_frame_leaves_while_what_left_before_waits_to_be_written(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framebook, "EVERY", 0.05)
    monkeypatch.setattr(framebook, "LONGEST_LATE", 0.2)
    lease = a_lease()
    with a_writer_that_hangs(data_dir):
        started = time.monotonic()
        left = until_refused(lease, JournalStuck)
        assert time.monotonic() - started < framebook.EVERY * 2 + framebook.LONGEST_LATE + 1
        assert frame_book().fault()
    frame_book().flush(NOW)
    assert set().union(*(unpacked(each.detail) for each in events(FRAMES))) == set(left)
    lease.frame(0)
    assert frame_book().fault() == ""


def test_the_writers_lock_may_be_had_for_two_seconds_and_a_flush_but_no_longer() -> None:
    assert framebook.EVERY + framebook.LONGEST_LATE == 3


@pytest.mark.parametrize("how", ["frames", "rendered", "instance", "metadata"])
def test_no_lease_is_given_while_the_record_is_kept_busy(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, how: How
) -> None:
    monkeypatch.setattr(framebook, "LONGEST_LATE", 0.1)
    monkeypatch.setattr(fitness, "SLOWEST", 0.1)
    a_lease(instance="2.25.9")
    fitness.forget()
    with a_writer_that_hangs(data_dir), pytest.raises(NotFit) as told:
        a_lease(how)
    assert told.value.status == 503
    fitness.forget()
    a_lease(how)
    assert len(events(OPENED)) == 2


def test_a_lease_that_took_too_long_to_write_is_not_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    book, read = frame_book(), Read(ADA, "p", "r", "2.25.1", "g", "frames")
    with monkeypatch.context() as slow:
        slow.setattr(framebook, "SLOWEST", -1.0)
        with pytest.raises(JournalStuck):
            book.lease(read, NOW)
    book.flush(NOW)
    assert [event.lease_seq for event in events(CLOSED)] == [event.seq for event in events(OPENED)]
    lease = EventLease(book, book.lease(read, NOW))
    monkeypatch.setattr(framebook, "SLOWEST", -1.0)
    with pytest.raises(JournalStuck):
        lease.frame(1)


def test_a_frame_with_an_event_of_its_own_does_not_wait_for_ever(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = EventLease(frame_book(), frame_book().lease(Read(ADA, "p", "r", "2.25.1", "g", "frames"), NOW))
    monkeypatch.setattr(framebook, "LONGEST_LATE", 0.1)
    with a_writer_that_hangs(data_dir), pytest.raises(DatabaseBusy):
        lease.frame(1)
    lease.frame(1)
    assert unpacked(events(FRAMES)[0].detail) == {1}
