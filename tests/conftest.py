"""What several test folders share: a whole gateway, made and served as a user would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """On PostgreSQL, if that is asked for."""
    if os.environ.get("TEST_POSTGRESQL"):
        from tests import databases

        databases.install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL, leave out what is about SQLite itself."""
    if os.environ.get("TEST_POSTGRESQL"):
        from tests import databases

        for each in items:
            if databases.of_sqlite(each.nodeid):
                each.add_marker(pytest.mark.skip(reason="about SQLite itself"))


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo gateway that is being served: where, from which folder, and what demo.json says."""

    base_url: str
    directory: Path
    described: dict[str, Any]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SLIDEGATE_DATA_DIR": str(self.directory), "SLIDEGATE_BASE_URL": self.base_url}

    def account(self, role: str) -> dict[str, str]:
        account: dict[str, str] = self.described["accounts"][role]
        return account

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(base_url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Return once the gateway says that it is ready; fail if it ends first or never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the gateway ended before it was ready"
        try:
            if httpx.get(f"{base_url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # nothing listens yet, so there is no signal to wait for
    raise AssertionError("the gateway did not get ready")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`slidegate demo`, at a quarter of its size, on a free port; once for each test process."""
    directory = tmp_path_factory.mktemp("demo") / "demo"
    port = free_port()
    command = [sys.executable, "-m", "gateway.cli", "demo", "--port", str(port), "--scale", "0.25"]
    command += ["--directory", str(directory)]
    environment = {**os.environ, "SLIDEGATE_WORKERS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    base_url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(base_url, process, seconds=240)
        described = json.loads((directory / "demo.json").read_text("utf-8"))
        yield Demo(base_url, directory, described)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=90)  # more than what running work and open requests get to end
