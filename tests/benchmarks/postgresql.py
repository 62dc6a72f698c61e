"""Frames over HTTP as in dataplane.py, with PostgreSQL for the database."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.dataplane import _frames, _served
from tests.benchmarks.rows import Row
from tests.conftest import free_port
from tests.databases import OPTIONS, Server, programs
from tests.release.served.houses import a_house, a_reader, first


def measure() -> list[Row]:
    """The same rows; the server flushes every commit to the disk."""
    if programs() is None:
        return []
    with tempfile.TemporaryDirectory() as name, ExitStack() as held:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "postgresql").mkdir()
        server = Server(folder / "postgresql", OPTIONS)
        server.start()
        held.callback(server.stop)
        server.make("slidegate")
        house = a_house(folder, free_port(), database_url=server.url("slidegate"))
        reader = a_reader(house)
        held.enter_context(_served([sys.executable, "-m", "gateway.cli", "serve"], house))
        with house.client(reader) as client:
            found = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
        return [replace(row, name=f"{row.name}, PostgreSQL") for row in _frames(house, reader, found, folder, held)]
