"""The trail: durable events against bare durable inserts, and frames entered in the journal."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median

from gateway import clock, db
from gateway.migrate import upgrade
from gateway.settings import ROOT, Settings, use
from gateway.trail import intake
from gateway.trail.leases import close_frame_book, open_lease
from gateway.trail.record import SYSTEM, Telling, record
from tests.benchmarks.rows import Row

EVENTS, FRAMES, THREADS, ROUNDS = 300, 200_000, 16, 5


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        use(replace(Settings(), data_dir=Path(folder)))
        db.bind(f"sqlite:///{folder}/bench.db")
        upgrade()
        bare = sqlite3.connect(f"{folder}/bare.db", isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE line (text)"):
            bare.execute(statement)
        rows = [_row("chained event, durable", _one_by_one, bare, 0.1),
                _row(f"chained events of {THREADS} threads, durable", _together, bare, 0.5), _frames()]  # fmt: skip
        close_frame_book()
        return rows


def _row(name: str, ours: Callable[[], float], bare: sqlite3.Connection, goal: float) -> Row:
    """The middle one of some rounds, each beside bare inserts: a disk is not the same from second to second."""
    pairs = [(ours(), _inserted(bare)) for _ in range(ROUNDS)]
    rate, peer = median(each for each, _ in pairs), median(each for _, each in pairs)
    ratio = median(each / other for each, other in pairs)
    return Row("audit", name, rate, "events/s", f"bare SQLite insert, durable ({peer:,.0f} a second)", ratio,
               f">= {goal} of the bare insert", ratio >= goal)  # fmt: skip


def _one_by_one() -> float:
    """Events a second, each beside a change: it has its transaction for itself."""
    start = time.perf_counter()
    for _ in range(EVENTS):
        with db.transaction() as session:
            record(session, action="bench.done", actor=SYSTEM, now=clock.now(), project="benchmark")
    return EVENTS / (time.perf_counter() - start)


def _together() -> float:
    """Events a second, each durable before its thread goes on."""
    each = EVENTS * 10 // THREADS

    def tell(_number: int) -> None:
        for _ in range(each):
            intake.write(Telling("bench.done", SYSTEM, clock.now(), "benchmark"))

    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(tell, range(THREADS)))
    return each * THREADS / (time.perf_counter() - start)


def _inserted(bare: sqlite3.Connection) -> float:
    """Inserts a second, each waited for until it is on the disk."""
    start = time.perf_counter()
    for number in range(EVENTS):
        bare.execute("INSERT INTO line VALUES (?)", (f"{number:0600}",))
    return EVENTS / (time.perf_counter() - start)


def _frames() -> Row:
    lease = open_lease(
        actor=SYSTEM, project="benchmark", release="benchmark", instance="2.25.1", grant="benchmark", how="frames",
        now=clock.now(),
    )  # fmt: skip
    start = time.perf_counter()
    for number in range(FRAMES):
        lease.frame(number)
    rate = FRAMES / (time.perf_counter() - start)
    lease.close(FRAMES, "complete")
    return Row("audit", "frame entered in the journal", rate, "frames/s", "goal of 3,000 frames/s served", rate / 3000,
               ">= 20 times what is served", rate / 3000 >= 20)  # fmt: skip
