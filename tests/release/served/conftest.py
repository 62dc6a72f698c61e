"""One house for all tests of releases, served by the web server that serves in earnest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gateway import settings as settings_room
from tests.conftest import ROOT, free_port, wait_until_ready
from tests.release.served import houses
from tests.release.served.houses import House, Reader


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> House:
    return houses.a_house(tmp_path_factory.mktemp("house"), free_port())


@pytest.fixture
def house(built: House) -> Iterator[House]:
    """The house, with this process pointed at it."""
    before = settings_room.current()
    built.move_in()
    yield built
    settings_room.use(before)


@pytest.fixture(scope="session")
def server(built: House) -> Iterator[None]:
    """gunicorn, as `slidegate serve` starts it."""
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py", "app:create_app()"]
    environment = {**os.environ, **built.environment()}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        wait_until_ready(built.base_url, process)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture
def served(house: House, server: None) -> House:
    """The house, served."""
    return house


_reader: Reader | None = None


@pytest.fixture
def reader(house: House) -> Reader:
    """One reader of all datasets, for tests that change nothing."""
    global _reader
    if _reader is None:
        _reader = houses.a_reader(house)
    return _reader
