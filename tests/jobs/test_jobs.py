"""Durable work: done once where all goes well, again where a worker dies, given up at last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import gateway.jobs.models
import gateway.trail.models  # noqa: F401  # their tables
from gateway import clock, settings
from gateway.db import Base, bind, reading, transaction
from gateway.errors import Invalid
from gateway.jobs import queue
from gateway.jobs.cluster import NoScheduler, lanes
from gateway.jobs.handlers import handler
from gateway.jobs.lanes import Lanes
from gateway.jobs.models import State, WorkItem
from gateway.jobs.worker import Worker, run_once
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM

ROOT = Path(__file__).resolve().parents[2]
seen: list[Any] = []


@handler("test.note")
def note(payload: Any) -> None:
    seen.append(payload["n"])


@handler("test.refuse")
def refuse(payload: Any) -> None:
    raise Invalid("The policy is unknown.")


@handler("test.break")
def break_down(payload: Any) -> None:
    raise ZeroDivisionError("Mr Smith")


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path) -> Iterator[Path]:
    before = settings.current()
    settings.use(replace(before, data_dir=tmp_path, database_url=""))
    tables = [Base.metadata.tables[name] for name in ("trail_event", "trail_opening", "work_item")]
    Base.metadata.create_all(bind(settings.current().database), tables=tables)
    seen.clear()
    yield tmp_path
    settings.use(before)


def queued(kind: str = "test.note", n: int = 0) -> str:
    with transaction() as db:
        return queue.enqueue(db, kind=kind, payload={"n": n}, now=clock.now()).id


def an_item(item_id: str) -> WorkItem:
    with reading() as db:
        found = db.get_one(WorkItem, item_id)
        db.expunge_all()
    return found


def test_work_enqueued_in_a_transaction_that_fails_is_never_done() -> None:
    def change() -> None:
        with transaction() as db:
            queue.enqueue(db, kind="test.note", payload={"n": 1}, now=clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert run_once() == 0


def test_all_due_work_is_done_oldest_first() -> None:
    ids = [queued(n=n) for n in range(5)]
    assert run_once() == 5
    assert seen == [0, 1, 2, 3, 4]
    assert {an_item(each).state for each in ids} == {State.DONE}


def test_an_item_is_claimed_by_one_worker() -> None:
    for n in range(20):
        queued(n=n)

    def work() -> None:
        with ThreadPoolExecutor(2) as pool:
            Worker(Lanes.through(pool)).run_once()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sorted(seen) == list(range(20))


def test_a_failure_is_recorded_without_what_it_said_and_tried_later() -> None:
    item_id = queued("test.break")
    run_once()
    item = an_item(item_id)
    assert (item.state, item.attempts, item.reason) == (State.QUEUED, 1, "ZeroDivisionError")
    assert item.not_before > clock.now()
    with reading() as db:
        (event,) = db.scalars(select(Event))
        assert event.detail == {"kind": "test.break", "attempt": 1, "error": "ZeroDivisionError", "final": False}
        assert "Smith" not in event.body


def test_work_is_given_up_after_five_attempts_and_can_be_retried_by_hand() -> None:
    item_id = queued("test.refuse")
    now = clock.now()
    for _ in range(queue.MOST_ATTEMPTS):
        now += timedelta(hours=1)
        with transaction() as db:
            claimed = queue.claim(db, owner="me", now=now)
        assert claimed is not None
        with transaction() as db:
            queue.fail(db, owner="me", item_id=item_id, code="invalid", reason="The policy is unknown.", now=now)
    assert (an_item(item_id).state, an_item(item_id).reason) == (State.FAILED, "The policy is unknown.")
    with reading() as db:
        assert [event.detail["final"] for event in db.scalars(select(Event))] == [False] * 4 + [True]
    with transaction() as db:
        queue.retry(db, by=SYSTEM, item_id=item_id, now=now)
    assert (an_item(item_id).state, an_item(item_id).attempts) == (State.QUEUED, 0)


def test_only_failed_work_is_retried_by_hand() -> None:
    item_id = queued()
    for wrong, error in ((item_id, queue.NotFailed), ("nothing", queue.NoSuchItem)):
        with pytest.raises(error), transaction() as db:
            queue.retry(db, by=SYSTEM, item_id=wrong, now=clock.now())


def test_a_worker_that_lost_its_item_cannot_end_it() -> None:
    item_id = queued()
    later = clock.now() + queue.STALE_AFTER + timedelta(seconds=1)
    with transaction() as db:
        queue.claim(db, owner="slow", now=clock.now())
    with transaction() as db:
        queue.claim(db, owner="quick", now=later)
    with transaction() as db:
        queue.fail(db, owner="slow", item_id=item_id, code="x", reason="x", now=later)
    assert (an_item(item_id).owner, an_item(item_id).attempts) == ("quick", 2)


def test_an_item_with_a_heartbeat_is_left_to_its_worker() -> None:
    item_id = queued()
    with transaction() as db:
        queue.claim(db, owner="me", now=clock.now())
    later = clock.now() + queue.STALE_AFTER
    with transaction() as db:
        queue.renew(db, owner="me", items=[item_id], now=later)
    with transaction() as db:
        assert queue.claim(db, owner="other", now=later + queue.STALE_AFTER) is None


def test_work_that_kills_its_worker_each_time_is_given_up() -> None:
    item_id = queued()
    now = clock.now()
    for _ in range(queue.MOST_ATTEMPTS + 1):
        with transaction() as db:
            queue.claim(db, owner="victim", now=now)
        now += queue.STALE_AFTER + timedelta(seconds=1)
    assert an_item(item_id).state == State.FAILED


def test_a_stopped_worker_does_what_it_began_and_takes_no_more() -> None:
    begun, finish, stop = threading.Event(), threading.Event(), threading.Event()

    @handler("test.slow")
    def slow(payload: Any) -> None:
        begun.set()
        finish.wait(10)

    first, second = queued("test.slow"), queued()
    with ThreadPoolExecutor(1) as pool:
        thread = threading.Thread(target=Worker(Lanes.through(pool, at_once=1)).run, args=(stop,))
        thread.start()
        assert begun.wait(10)
        stop.set()
        finish.set()
        thread.join(10)
    assert (an_item(first).state, an_item(second).state) == (State.DONE, State.QUEUED)


def test_work_goes_through_dask_and_nothing_listens_beyond_loopback() -> None:
    import psutil

    before = {c.laddr for c in psutil.Process().net_connections() if c.status == "LISTEN"}
    ids = [queued(n=n) for n in range(3)] + [queued("test.refuse")]
    with lanes() as found:
        assert Worker(found).run_once() == 4
        after = {c.laddr for c in psutil.Process().net_connections() if c.status == "LISTEN"}
    assert sorted(seen) == [0, 1, 2]
    assert [an_item(each).state for each in ids] == [State.DONE] * 3 + [State.QUEUED]
    assert an_item(ids[3]).reason == "The policy is unknown."
    assert {address.ip for address in after - before} <= {"127.0.0.1", "::1"}


def test_a_scheduler_that_does_not_answer_is_one_clear_error() -> None:
    settings.use(replace(settings.current(), dask="tcp://127.0.0.1:1"))
    with pytest.raises(NoScheduler), lanes():
        pass


VICTIM = """
import os, sys, time
from dataclasses import replace
from pathlib import Path
from gateway import settings
settings.use(replace(settings.load({}), data_dir=Path(sys.argv[1])))
from gateway.jobs.handlers import handler
from gateway.jobs.worker import run_once
@handler("test.note")
def hang(payload):
    print("begun", flush=True)
    time.sleep(60)
run_once()
"""


def test_a_killed_workers_item_is_taken_up_again(data_dir: Path) -> None:
    item_id = queued(n=7)
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(data_dir)], stdout=subprocess.PIPE, env={**os.environ}, cwd=ROOT
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == b"begun\n"
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert an_item(item_id).state == State.RUNNING
    assert run_once() == 0  # its worker may still live
    with transaction() as db:
        db.get_one(WorkItem, item_id).heartbeat_at = clock.now() - queue.STALE_AFTER - timedelta(seconds=1)
    assert run_once() == 1
    assert (seen, an_item(item_id).state) == ([7], State.DONE)


def test_the_command_line_stops_when_asked(data_dir: Path) -> None:
    environment = {**os.environ, "SLIDEGATE_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "gateway.cli", "jobs"]
    listed = subprocess.run([*command, "list"], env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "kind" in listed.stdout
    wrong = subprocess.run([*command, "retry", "x"], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    process = subprocess.Popen([*command, "work"], env=environment, cwd=ROOT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(3)
    process.terminate()
    assert process.wait(20) == 0
