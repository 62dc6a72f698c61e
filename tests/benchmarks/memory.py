"""What a web worker holds in memory: while it gives an instance of many gigabytes, and once it has answered everything.

Its size as the system tells it (RSS) counts what it shares with the others; beside it stands what all processes of
gunicorn take together, each shared page once (PSS).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from app import create_app
from tests.benchmarks.dataplane import Wire
from tests.benchmarks.lists import lists
from tests.benchmarks.processes import gunicorns, told, workers
from tests.benchmarks.rows import Row
from tests.release.served.houses import House, Reader, a_token, place

GOAL = 120  # MB
ROUNDS = 6  # each on a connection of its own, so that every worker gets to answer everything
PICTURES = ("frames/1", "frames/1/rendered", "rendered", "thumbnail")


def rows_of(house: House, reader: Reader, small: dict[str, Any], large: dict[str, Any], pid: int) -> list[Row]:
    """Rows of the gateway with this process id; `small` and `large`: what a search says of two instances."""
    return [*_of_a_download(house, reader, small, large, pid), *_of_everything(house, reader, small, pid)]


def _peaks(pid: int) -> dict[int, float]:
    return {worker: told(worker, "status", "VmHWM") / 1000 for worker in workers(pid)}


def _of_a_download(
    house: House, reader: Reader, small: dict[str, Any], large: dict[str, Any], pid: int
) -> Iterator[Row]:
    """The most that a worker takes meanwhile, and how much more that is than for a small instance."""
    wire = Wire(house.base_url, reader.token)
    most = []
    for seen in (small, small, large):  # what the first one loads stays
        for worker in workers(pid):
            Path(f"/proc/{worker}/clear_refs").write_text("5")  # proc(5): the peak is counted anew
        size = wire.get(urlsplit(house.url(reader, place(seen))).path, "application/dicom")
        most.append(_peaks(pid))
    grown = max(most[2][worker] - most[1][worker] for worker in most[2])
    what = f"a web worker's peak while {size / 1e9:.1f} GB are downloaded"
    yield Row("scale", f"{what}, above that of a small one", grown, "MB", "its bytes", grown * 1e6 / size,
              "flat: <= 10 MB", grown <= 10)  # fmt: skip
    yield _under(what, max(most[2].values()))


def _of_everything(house: House, reader: Reader, seen: dict[str, Any], pid: int) -> Iterator[Row]:
    """The peak of a worker that has answered every page and list, frames, rendered tiles and downloads."""
    account = a_token(reader.account, "account")
    pages = [(path, account) for path in (*lists(create_app(house.settings)), "/api/openapi.json", "/api/docs")]
    asked = [*pages, *((urlsplit(house.url(reader, place(seen), each)).path, reader.token) for each in PICTURES)]
    for path, token in asked * ROUNDS:
        headers = {"Authorization": f"Bearer {token}"}
        status = httpx.get(house.base_url + path, headers=headers, timeout=60).status_code
        assert status in (200, 403), (path, status)  # some pages are not for researchers
    for _ in range(ROUNDS):
        Wire(house.base_url, reader.token).get(urlsplit(house.url(reader, place(seen))).path, "application/dicom")
    most = _peaks(pid)
    yield _under("a web worker's peak, all pages, frames, tiles and a download answered", max(most.values()))
    apart = max(told(each, "smaps_rollup", "Private_Dirty") / 1000 for each in most)
    whole = sum(told(each, "smaps_rollup", "Pss") / 1000 for each in gunicorns(pid))
    yield Row("scale", "the same worker, what it shares with nobody", apart, "MB", "its peak",
              apart / max(most.values()), "stated", met=True)  # fmt: skip
    yield Row("scale", f"gunicorn and its {len(most)} workers together, each page once", whole, "MB", "their peaks",
              whole / sum(most.values()), "stated", met=True)  # fmt: skip


def _under(what: str, size: float) -> Row:
    return Row("scale", what, size, "MB", "its goal", size / GOAL, f"<= {GOAL} MB", size <= GOAL)
