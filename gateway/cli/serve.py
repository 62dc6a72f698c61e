"""`slidegate serve`: the web workers and the jobs worker, started and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType

import click


@click.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the gateway with gunicorn, and run its jobs beside it."""
    run(host, port)


def run(host: str | None = None, port: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM; if one part dies the other is stopped too. Exits with its status."""
    from gateway.settings import ROOT

    environ = {"MALLOC_ARENA_MAX": "1", **os.environ}  # threads that share one heap hold less memory, no slower
    if host is not None:
        environ["SLIDEGATE_HOST"] = host
    if port is not None:
        environ["SLIDEGATE_PORT"] = str(port)
    commands = [
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config/gunicorn.conf.py"), "--chdir", ".",
         "--pythonpath", str(ROOT), "app:create_app()"],
        [sys.executable, "-m", "gateway.cli", "jobs", "work"],
    ]  # fmt: skip
    parts = [subprocess.Popen(command, env=environ) for command in commands]  # noqa: S603  # our own commands

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for part in parts:
            part.terminate()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    os.wait()  # the first part to end, however it ends, ends the whole
    for part in parts:
        part.terminate()
    for part in parts:
        part.wait()
