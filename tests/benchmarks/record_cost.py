"""What the record costs: the gateway against itself without one, in turn, on one machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from gateway.settings import ROOT
from tests.benchmarks.dataplane import LARGE, SECONDS, Wire, _pixels, _under_load
from tests.benchmarks.rows import Row
from tests.conftest import free_port, wait_until_ready
from tests.release.served.houses import House, Reader, a_house, a_large_slide, a_reader, first, place

TURNS, DOWNLOADS = 7, 100  # pairs
WITHOUT = """
from gateway.release import visits
class Nothing:
    seq = 0
    def frame(self, number): pass
    def close(self, sent, outcome): pass
nothing = Nothing()
visits.open_lease = lambda **_told: nothing
from app import create_app
made = create_app()
"""


def measure() -> list[Row]:
    """Frames a second and bytes a second, with the record and without."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        folder = Path(name)
        (folder / "without.py").write_text(WITHOUT, "utf-8")
        house = a_house(folder, free_port())
        house.datasets.append(a_large_slide(house, "BIG", LARGE))
        reader = a_reader(house)
        port = free_port()
        bare = House(replace(house.settings, port=port, base_url=f"http://127.0.0.1:{port}"), house.archive)
        with _served(house, folder, "app:create_app()"), _served(bare, folder, "without:made"):
            with house.client(reader) as client:
                found = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
            tiles = max((each for each in found if first(each, "00280010") <= 512), key=lambda e: first(e, "00280008"))
            paths = [_path(house, reader, tiles, f"frames/{number + 1}") for number in range(20)]
            large = _path(house, reader, max(found, key=_pixels))
            return [
                _row("frames a second", TURNS, house, bare, lambda url: _frames(url, reader, paths)),
                _row("download of an instance", DOWNLOADS, house, bare, lambda url: _download(url, reader, large)),
            ]


def _path(house: House, reader: Reader, told: dict, rest: str = "") -> str:  # type: ignore[type-arg]
    return urlsplit(house.url(reader, place(told), *([rest] if rest else []))).path


def _frames(url: str, reader: Reader, paths: list[str]) -> float:
    return len(_under_load(url, reader.token, paths, "*/*")) / SECONDS


def _download(url: str, reader: Reader, path: str) -> float:
    wire, started = Wire(url, reader.token), time.perf_counter()
    wire.get(path, "application/dicom")
    return 1 / (time.perf_counter() - started)


def _row(name: str, pairs: int, house: House, bare: House, speed: Callable[[str], float]) -> Row:
    ours, without = _speeds(pairs, house, bare, speed)
    ratio = ours / without
    cost = 100 * (1 - ratio)
    return Row("audit", f"{name}: what the record takes", cost, "%", "the gateway without one", ratio,
               "<= 5 %", cost <= 5)  # fmt: skip


def _speeds(pairs: int, house: House, bare: House, speed: Callable[[str], float]) -> tuple[float, float]:
    """The middle one of each, asked in turn, each as often first as second."""
    ours, without = [], []
    for turn in range(pairs):
        for url in (house.base_url, bare.base_url)[:: 1 if turn % 2 else -1]:
            (ours if url == house.base_url else without).append(speed(url))
    return median(ours), median(without)


@contextmanager
def _served(house: House, folder: Path, application: str) -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config/gunicorn.conf.py"), "--chdir", ".",
               "--pythonpath", f"{ROOT},{folder}", application]  # fmt: skip
    environment = {**os.environ, **house.environment(), "SLIDEGATE_WORKERS": "2"}
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
    try:
        wait_until_ready(house.base_url, process)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
