"""The gateway over HTTP, everything switched on, against a bare static file from the same web server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from gateway.settings import ROOT
from tests.benchmarks.rows import Row, best_seconds
from tests.conftest import free_port, wait_until_ready

FRAMES = 300
BARE = """
from pathlib import Path
from flask import Flask, send_file
app = Flask(__name__)
BODY = Path(__import__("os").environ["BARE_FILE"])
@app.get("/file")
def file(): return send_file(BODY, conditional=False)
@app.get("/small")
def small(): return BODY.open("rb").read(20000)
"""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        directory, port = Path(folder) / "demo", free_port()
        command = [sys.executable, "-m", "gateway.cli", "demo", "--directory", str(directory), "--scale", "1.0"]
        gateway = _started([*command, "--port", str(port)], {"SLIDEGATE_WORKERS": "2"})
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", gateway, seconds=300)
            return _rows(json.loads((directory / "demo.json").read_text("utf-8")), Path(folder))
        finally:
            _stopped(gateway)


def _started(command: list[str], more: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **more}, start_new_session=True)


def _stopped(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=30)


def _rows(described: dict[str, object], folder: Path) -> list[Row]:
    release = described["release"]
    assert isinstance(release, dict)
    client = httpx.Client(headers={"Authorization": f"Bearer {release['token']}"}, timeout=60)
    found = client.get(f"{release['dicomweb_url']}/instances").json()
    slides = [each for each in found if each["00080060"]["Value"] == ["SM"]]
    largest = max(slides, key=lambda each: each["00280008"]["Value"][0])
    url = str(largest["00081190"]["Value"][0])
    body = client.get(url, headers={"Accept": "application/dicom"}).content
    (folder / "bare.dcm").write_bytes(body)
    (folder / "bare.py").write_text(BARE, "utf-8")
    port = free_port()
    bare = _started(
        [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "8", "-w", "2", "-b", f"127.0.0.1:{port}",
         "--chdir", str(folder), "bare:app"],
        {"BARE_FILE": str(folder / "bare.dcm")},
    )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/small")
        return [_download(client, url, port, len(body)), _frame(client, url, port, largest["00280008"]["Value"][0])]
    finally:
        _stopped(bare)


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # nothing listens yet
    raise AssertionError("the bare server did not start")


def _download(client: httpx.Client, url: str, port: int, size: int) -> Row:
    ours = best_seconds(lambda: client.get(url, headers={"Accept": "application/dicom"}).content)
    peer = best_seconds(lambda: client.get(f"http://127.0.0.1:{port}/file").content)
    return Row("dataplane", f"instance of {size / 1e6:.1f} MB, de-identified", size / ours / 1e6, "MB/s",
               "the same file, bare", peer / ours, ">= 0.5 of the bare file", peer / ours >= 0.5)  # fmt: skip


def _frame(client: httpx.Client, url: str, port: int, count: int) -> Row:
    def frames() -> None:
        for number in range(FRAMES):
            client.get(f"{url}/frames/{number % count + 1}", headers={"Accept": "image/jpeg"})

    def bare() -> None:
        for _ in range(FRAMES):
            client.get(f"http://127.0.0.1:{port}/small")

    ours, peer = best_seconds(frames, rounds=2) / FRAMES, best_seconds(bare, rounds=2) / FRAMES
    return Row("dataplane", "one frame, grant and audit on", ours * 1000, "ms", "a bare endpoint", peer / ours,
               ">= 0.25 of the bare endpoint", peer / ours >= 0.25)  # fmt: skip
