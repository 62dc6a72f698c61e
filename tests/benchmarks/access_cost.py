"""What token, grant, consent and record cost of a frame: the gateway beside the same endpoint bare of them, in turn."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from gateway.settings import ROOT
from tests.benchmarks.dataplane import _one_by_one, _pixels
from tests.benchmarks.record_cost import _frames, _path, _served, _speeds
from tests.benchmarks.rows import Row
from tests.conftest import free_port
from tests.release.served.houses import House, a_house, a_reader, first

TURNS = 5  # pairs
BARE = """
from gateway.release import turnstile
from app import create_app
door, kept = create_app(), {}
def remember(environ, opened, held, lease, media_type, until):
    kept[turnstile._key(environ)[0][1]] = opened, held.pop_all(), media_type
turnstile.remember = remember
def made(environ, start):  # whoever asks, for what somebody was let in to once, gets it, and nobody writes it down
    match = turnstile.PATH.fullmatch(environ["PATH_INFO"])
    found = kept.get(match[1]) if match else None
    if found is None:
        return door(environ, start)
    body = found[0].frame(int(match[2]) - 1)
    start("200 OK", [("Content-Type", found[2]), ("Content-Length", str(len(body)))])
    return [body]
"""


def measure() -> list[Row]:
    """Rows of the same frames with and without."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        folder = Path(name)
        (folder / "bare.py").write_text(BARE, "utf-8")
        house = a_house(folder, free_port())
        reader = a_reader(house)
        port = free_port()
        bare = House(replace(house.settings, port=port, base_url=f"http://127.0.0.1:{port}"), house.archive)
        with _served(house, folder, "app:create_app()"), _served(bare, folder, "bare:made"):
            with house.client(reader) as client:
                found = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
            tiles = max(found, key=_pixels)
            paths = [_path(house, reader, tiles, f"frames/{number + 1}") for number in range(20)]

            def one(url: str) -> float:
                taken = _one_by_one(url, reader.token, paths, "*/*")
                return 1 / taken[len(taken) // 2]

            rows = []
            for what, speed in (("one after another", one), ("8 connections", lambda url: _frames(url, reader, paths))):
                ours, without = _speeds(TURNS, house, bare, speed)
                cost = 100 * (1 - ours / without)
                rows.append(Row("dataplane", f"frames, {what}: what token, grant, consent and record take", cost, "%",
                                "the same endpoint without", ours / without, "stated", met=True))  # fmt: skip
            return rows
