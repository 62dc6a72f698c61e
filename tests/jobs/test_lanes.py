"""What looks at pixels runs where there is a reader, one item at a time for each; everything else goes on beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster

import gateway.release.jobs
import gateway.screening.jobs  # noqa: F401  # what needs a reader
from gateway import clock, settings
from gateway.db import Base, bind, reading, transaction
from gateway.jobs import queue, worker
from gateway.jobs.cluster import QUIET, lanes
from gateway.jobs.handlers import READER, handler, kinds_that_read
from gateway.jobs.models import State, WorkItem
from gateway.jobs.worker import Worker

AT_ONCE, NOTES = 3, 3
noted = threading.Semaphore(0)
reads: list[int] = []
_reading, _meeting = threading.Lock(), threading.Barrier(2)


@handler("test.read", needs=READER)
def read(payload: Any) -> None:
    """Lasts until everything else is done."""
    assert _reading.acquire(blocking=False), "two readers in one worker"
    try:
        if payload["n"] == 0:
            for _ in range(NOTES):
                assert noted.acquire(timeout=20), "what needs no reader was held up"
        reads.append(payload["n"])
    finally:
        _reading.release()


@handler("test.beside")
def beside(_payload: Any) -> None:
    noted.release()


def meet(_number: int) -> bool:
    """Whether another of these runs at the same time."""
    try:
        _meeting.wait(0.5)
    except threading.BrokenBarrierError:
        _meeting.reset()
        return False
    return True


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path) -> Iterator[None]:
    before = settings.current()
    settings.use(replace(before, data_dir=tmp_path, database_url=""))
    tables = [Base.metadata.tables[name] for name in ("trail_event", "trail_opening", "work_item")]
    Base.metadata.create_all(bind(settings.current().database), tables=tables)
    reads.clear()
    yield
    settings.use(before)


def queued(kind: str, n: int = 0) -> str:
    with transaction() as db:
        return queue.enqueue(db, kind=kind, payload={"n": n}, now=clock.now()).id


def state(item_id: str) -> str:
    with reading() as db:
        return db.get_one(WorkItem, item_id).state


def test_all_work_that_looks_at_pixels_needs_a_reader() -> None:
    assert {"release.build", "screening.rescan"} <= kinds_that_read()


def test_two_scans_are_never_in_one_worker_at_once_and_other_work_goes_on() -> None:
    items = [queued("test.read", n) for n in range(AT_ONCE)] + [queued("test.beside") for _ in range(NOTES)]
    with lanes() as found:
        assert Worker(found).run_once() == len(items)
    assert {state(each) for each in items} == {State.DONE}
    assert reads == list(range(AT_ONCE))


def test_the_scheduler_itself_gives_a_worker_one_scan_at_a_time() -> None:
    with lanes() as found:
        assert list(found.usual.executor.map(meet, range(2))) == [True, True], "these meet"
        assert not any(found.reading.executor.map(meet, range(2)))


@contextmanager
def a_deployment(**workers: Any) -> Iterator[None]:
    """A scheduler of its own with such workers."""
    nowhere = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
    with dask.config.set(QUIET), LocalCluster(processes=False, memory_limit=0, **nowhere, **workers) as cluster:
        settings.use(replace(settings.current(), dask=cluster.scheduler_address))
        yield


def test_a_deployment_scans_as_much_at_once_as_its_workers_have_readers() -> None:
    with a_deployment(n_workers=2, threads_per_worker=2, resources={READER: 1}), lanes() as found:
        assert (found.usual.at_once, found.reading.at_once) == (4, 2)


def test_where_no_worker_has_a_reader_other_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LAST_WAIT", 0.0)
    stop = threading.Event()
    with a_deployment(n_workers=1, threads_per_worker=1), lanes() as found:
        scan, other = queued("test.read", 1), queued("test.beside")
        thread = threading.Thread(target=Worker(found).run, args=(stop,))
        thread.start()
        assert noted.acquire(timeout=20)
        stop.set()
        thread.join(20)
        assert reads == []
    assert (state(scan), state(other)) == (State.QUEUED, State.DONE)
