"""Events that share a transaction: each is durable when its writer goes on, or its writer is told that it is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, event, select
from sqlalchemy.engine import Connection

from gateway.db import engine, reading, transaction
from gateway.trail import intake
from gateway.trail.canonical import NotCanonical
from gateway.trail.intake import Intake, Rebound
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM, Telling
from gateway.trail.sequencer import sequence
from gateway.turns import DatabaseBusy, at_most

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MANY = 8


def a_telling(number: int = 0, project: str = "p") -> Telling:
    return Telling("x.done", SYSTEM, NOW, project, detail={"number": number})


def seqs() -> list[int]:
    with reading() as db:
        return list(db.scalars(select(Event.seq).order_by(Event.seq)))


def told_of(monkeypatch: pytest.MonkeyPatch, step: str) -> threading.Semaphore:
    released, plain = threading.Semaphore(0), getattr(Intake, step)

    def told(self: Intake, *given: object) -> None:
        released.release()
        plain(self, *given)

    monkeypatch.setattr(Intake, step, told)
    return released


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released once for each writer that waits for another to write its event."""
    return told_of(monkeypatch, "_wait")


@pytest.fixture
def led(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released once for each writer that waits for the turn, to write for all."""
    return told_of(monkeypatch, "_lead")


@contextmanager
def before_each_commit(work: object) -> Iterator[None]:
    event.listen(engine(), "commit", work)
    try:
        yield
    finally:
        event.remove(engine(), "commit", work)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY) as made:
        yield made


@contextmanager
def writers(pool: ThreadPoolExecutor, queued: threading.Semaphore) -> Iterator[list[Future[int]]]:
    """Many writers whose events wait together until this ends, as somebody else has the turn."""
    with transaction():
        found = [pool.submit(intake.write, a_telling(number)) for number in range(MANY)]
        assert all(queued.acquire(timeout=30) for _ in range(MANY - 1))
        yield found


def test_events_that_wait_together_are_committed_together(
    pool: ThreadPoolExecutor, queued: threading.Semaphore
) -> None:
    committed: list[Connection] = []
    with before_each_commit(committed.append):
        with writers(pool, queued) as found:
            committed.clear()
        assert sorted(each.result() for each in found) == seqs() == list(range(1, MANY + 1))
    assert len(committed) == 2  # that of whoever had the turn, and theirs


def test_no_writer_goes_on_before_the_commit(pool: ThreadPoolExecutor, queued: threading.Semaphore) -> None:
    reached, go, ours = threading.Event(), threading.Event(), threading.get_ident()

    def hold(_connection: Connection) -> None:
        if threading.get_ident() != ours:
            reached.set()
            assert go.wait(30)

    with before_each_commit(hold):
        with writers(pool, queued) as found:
            pass
        assert reached.wait(30)
        assert seqs() == []
        assert not any(each.done() for each in found)
        go.set()
        wait(found)
    assert len(seqs()) == MANY


def test_a_commit_that_fails_fails_everybody_in_it(pool: ThreadPoolExecutor, queued: threading.Semaphore) -> None:
    ours = threading.get_ident()

    def fail(_connection: Connection) -> None:
        if threading.get_ident() != ours:
            raise OSError("no space left on device")

    with before_each_commit(fail):
        with writers(pool, queued) as found:
            pass
        wait(found)
    for each in found:
        with pytest.raises(OSError, match="no space"):
            each.result()
    assert seqs() == []
    assert intake.write(a_telling()) == 1


def test_an_event_that_cannot_be_written_fails_alone(pool: ThreadPoolExecutor, queued: threading.Semaphore) -> None:
    with writers(pool, queued) as found, pytest.raises(NotCanonical):
        intake.write(Telling("x.done", SYSTEM, NOW, detail={"share": 0.5}))
    assert sorted(each.result() for each in found) == seqs()


def test_whoever_waits_too_long_is_told_and_its_event_is_not_written_later(
    pool: ThreadPoolExecutor, queued: threading.Semaphore
) -> None:
    def hastily() -> int:
        with at_most(0.05):
            return intake.write(a_telling(99))

    with writers(pool, queued) as found, pytest.raises(DatabaseBusy):
        hastily()
    assert sorted(each.result() for each in found) == seqs() == list(range(1, MANY + 1))


def test_one_that_gives_up_lets_the_next_one_lead(
    pool: ThreadPoolExecutor, queued: threading.Semaphore, led: threading.Semaphore
) -> None:
    def hastily() -> int:
        with at_most(0.2):
            return intake.write(a_telling())

    with transaction():
        first = pool.submit(hastily)
        assert led.acquire(timeout=30)
        second = pool.submit(intake.write, a_telling())
        assert queued.acquire(timeout=30)
        assert isinstance(first.exception(30), DatabaseBusy)
        assert not second.done()
    assert second.result(30) == 1


def test_what_one_thread_says_stands_in_its_order_and_the_log_fits_together(pool: ThreadPoolExecutor) -> None:
    def tell(project: str) -> list[int]:
        return [intake.write(a_telling(number, project)) for number in range(25)]

    told = dict(zip("abcdefgh", pool.map(tell, "abcdefgh"), strict=True))
    with reading() as db:
        for project, places in told.items():
            found = list(db.scalars(select(Event).where(Event.project == project).order_by(Event.seq)))
            assert [each.seq for each in found] == places
            assert [each.detail["number"] for each in found] == list(range(25))
            assert [each.pseq for each in found] == list(range(1, 26))
    newest = sequence(now=NOW)
    assert newest is not None
    assert newest.size == 25 * MANY + 1  # and the key


def test_an_event_that_waited_for_one_database_does_not_land_in_another() -> None:
    with pytest.raises(Rebound):
        Intake(create_engine("sqlite://")).write(a_telling())
    assert seqs() == []
