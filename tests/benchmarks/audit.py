"""The trail: durable events against bare durable inserts, and frames entered in the journal."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from gateway import clock, db
from gateway.migrate import upgrade
from gateway.settings import ROOT, Settings, use
from gateway.trail.leases import close_frame_book, open_lease
from gateway.trail.record import SYSTEM, record
from tests.benchmarks.rows import Row

EVENTS, FRAMES = 300, 200_000


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        use(replace(Settings(), data_dir=Path(folder)))
        db.bind(f"sqlite:///{folder}/bench.db")
        upgrade()
        rows = [_events(Path(folder)), _frames()]
        close_frame_book()
        return rows


def _events(folder: Path) -> Row:
    start = time.perf_counter()
    for _ in range(EVENTS):
        with db.transaction() as session:
            record(session, action="bench.done", actor=SYSTEM, now=clock.now(), project="benchmark")
    ours = EVENTS / (time.perf_counter() - start)
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("CREATE TABLE line (text)")
    start = time.perf_counter()
    for number in range(EVENTS):
        bare.execute("INSERT INTO line VALUES (?)", (f"{number:0600}",))
    peer = EVENTS / (time.perf_counter() - start)
    return Row("audit", "chained event, durable", ours, "events/s", "bare SQLite insert, durable", ours / peer,
               ">= 0.1 of the bare insert", ours / peer >= 0.1)  # fmt: skip


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
