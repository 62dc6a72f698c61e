"""Whoever does the jobs ends when it is told to, also when it is told twice, or a thousand times at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import ROOT

WAITS = """
import time
from gateway.jobs.stopping import when_told

stop = when_told()
print("waiting", flush=True)
while not stop.wait(0.0001):  # takes and gives back the event's lock all the time
    pass
time.sleep(0.2)  # what it puts down; signals still come
"""


@contextmanager
def waiting(code: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"waiting\n"
        try:
            yield process
        finally:
            process.kill()


def pester(process: subprocess.Popen[bytes], times: int = 20_000) -> None:
    """Tell it so often, or until it has ended."""
    for _ in range(times):
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("_again", range(5))
def test_it_ends_however_often_it_is_told(_again: int) -> None:
    with waiting(WAITS) as process:
        pester(process)
        assert process.wait(timeout=60) == 0
