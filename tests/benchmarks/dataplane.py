"""The gateway over HTTP, with token, grant, consent and audit on, against nginx and against a bare endpoint."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from getpass import getuser
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from gateway.settings import ROOT
from tests.archive.stores import ORTHANC, an_orthanc
from tests.benchmarks.processes import told as told_of
from tests.benchmarks.processes import workers
from tests.benchmarks.rows import Row
from tests.conftest import free_port, wait_until_ready
from tests.release.served.houses import House, Reader, a_house, a_large_pyramid, a_reader, first, place

LARGE = 300  # MB
SECONDS = 5.0  # of load
FRAMES = 500  # of the largest slide, asked for in any order
CONNECTIONS = 8
BUFFER = 1 << 20
BARE = """
from flask import Flask, request
app = Flask(__name__)
BODY = bytes(20000)
@app.get("/<path:any>")
def small(any): return BODY
"""
NGINX = """
user {user}; worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ }}
http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{port}; root {root}; }} }}
"""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as name, ExitStack() as held:
        folder = Path(name)
        house = a_house(folder, free_port())
        house.datasets.append(a_large_pyramid(house, "BIG", LARGE))
        reader = a_reader(house)
        gateway = held.enter_context(_served([sys.executable, "-m", "gateway.cli", "serve"], house))
        with house.client(reader) as client:
            found = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
        rows = [*_frames(house, reader, found, folder, held)]
        rows += _downloads(house, reader, max(found, key=_pixels), folder, held, gateway)
        return rows


def _pixels(told: dict) -> int:  # type: ignore[type-arg]
    return int(first(told, "00280008")) * int(first(told, "00280010")) * int(first(told, "00280011"))


@contextmanager
def _served(command: Sequence[str], house: House) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **house.environment(), "SLIDEGATE_WORKERS": "2"}, start_new_session=True
    )
    try:
        wait_until_ready(house.base_url, process)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


class Wire:
    """A kept connection that reads answers and throws them away: as little of a client as there can be."""

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self._head = f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nAccept: {{accept}}\r\n\r\n"
        self._buffer = bytearray(BUFFER)

    def get(self, path: str, accept: str) -> int:
        """Bytes of the body of a 200; anything else is an error."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\n{self._head.format(accept=accept)}".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._socket.recv(65536)
        top, _, body = head.partition(b"\r\n\r\n")
        assert top.startswith(b"HTTP/1.1 200"), top[:100]
        length = int(top.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        left = length - len(body)
        while left:
            read = self._socket.recv_into(self._buffer, min(left, BUFFER))
            assert read, "the body ended too early"
            left -= read
        return length


def _under_load(url: str, token: str, paths: Sequence[str], accept: str) -> list[float]:
    """Seconds of each request that some connections got answered one after another, for some seconds."""
    taken: list[float] = []
    until = time.perf_counter() + SECONDS

    def run(at: int) -> None:
        wire = Wire(url, token)
        while (started := time.perf_counter()) < until:
            wire.get(paths[at % len(paths)], accept)
            taken.append(time.perf_counter() - started)
            at += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CONNECTIONS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sorted(taken)


def _one_by_one(url: str, token: str, paths: Sequence[str], accept: str) -> list[float]:
    wire, taken = Wire(url, token), []
    for number in range(2000):
        started = time.perf_counter()
        wire.get(paths[number % len(paths)], accept)
        taken.append(time.perf_counter() - started)
    return sorted(taken)


def _frames(house: House, reader: Reader, found: list, folder: Path, held: ExitStack) -> Iterator[Row]:  # type: ignore[type-arg]
    told = max(found, key=_pixels)
    numbers = random.Random(7).sample(range(first(told, "00280008")), min(FRAMES, first(told, "00280008")))
    paths = [urlsplit(house.url(reader, place(told), f"frames/{number + 1}")).path for number in numbers]
    (folder / "bare.py").write_text(BARE, "utf-8")
    port = free_port()
    bare = f"http://127.0.0.1:{port}"
    options = f"-k gthread --threads 8 -w 2 -b 127.0.0.1:{port} --no-control-socket --chdir {folder} bare:app"
    command = [sys.executable, "-m", "gunicorn", *options.split()]
    process = subprocess.Popen(command, start_new_session=True)
    held.callback(lambda: (os.killpg(process.pid, signal.SIGTERM), process.wait(timeout=30)))
    _wait(bare)
    accept = "*/*"
    single = _one_by_one(house.base_url, reader.token, paths, accept)
    middle, late = single[len(single) // 2] * 1000, single[len(single) * 99 // 100] * 1000
    yield Row(
        "dataplane", "one frame, half of the requests", middle, "ms", "its goal", middle / 3, "<= 3 ms", middle <= 3
    )
    yield Row("dataplane", "one frame, 99 of 100 requests", late, "ms", "its goal", late / 10, "<= 10 ms", late <= 10)
    loaded = _under_load(house.base_url, reader.token, paths, accept)
    ours, late = len(loaded) / SECONDS, loaded[len(loaded) * 99 // 100] * 1000
    yield Row(
        "dataplane", "99 of 100, 8 connections at once", late, "ms", "its goal", late / 10, "<= 10 ms", late <= 10
    )
    peer = len(_under_load(bare, "", ["/x"], accept)) / SECONDS
    yield Row("dataplane", "frames a second, 8 connections", ours, "1/s", "a bare Flask endpoint", ours / peer,
              ">= 3,000 a second", ours >= 3000)  # fmt: skip


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            if httpx.get(f"{url}/x").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # nothing listens yet
    raise AssertionError("the bare server did not start")


def _downloads(
    house: House,
    reader: Reader,
    told: dict,
    folder: Path,
    held: ExitStack,
    gateway: subprocess.Popen[bytes],  # type: ignore[type-arg]
) -> Iterator[Row]:
    path = urlsplit(house.url(reader, place(told))).path
    ours, size = _fastest(house.base_url, reader.token, path)
    assert size > LARGE * 900_000, "the large slide was not released: look at what screening says of it"
    heaviest = max(told_of(worker, "status", "VmRSS") / 1000 for worker in workers(gateway.pid))
    yield Row("dataplane", "memory of the heavier web worker", heaviest, "MB", "its goal", heaviest / 120, "<= 120 MB",
              heaviest <= 120)  # fmt: skip
    yield from _against_orthanc(house, folder, size / ours)
    if shutil.which("nginx") is None:
        yield _not_measured("nginx, the raw file", ">= 0.8 of nginx")
        return
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(user=getuser(), folder=folder, port=port, root=house.archive / "BIG"), "utf-8")
    process = subprocess.Popen(["nginx", "-c", str(config)], start_new_session=True, stderr=subprocess.DEVNULL)
    held.callback(lambda: (os.killpg(process.pid, signal.SIGTERM), process.wait(timeout=30)))
    nginx = f"http://127.0.0.1:{port}"
    _wait_for(port)
    peer, peer_size = _fastest(nginx, "", "/large.dcm")
    ratio = (size / ours) / (peer_size / peer)
    yield Row("dataplane", f"instance of {size / 1e6:.0f} MB, de-identified", size / ours / 1e6, "MB/s",
              "nginx, the raw file", ratio, ">= 0.8 of nginx", ratio >= 0.8)  # fmt: skip


def _against_orthanc(house: House, folder: Path, ours: float) -> Iterator[Row]:
    """The same slide through Orthanc's `anonymize`, which answers with the instance; `ours` in bytes a second."""
    if ORTHANC is None:
        yield _not_measured("anonymize of Orthanc", ">= 10 times Orthanc")
        return
    with an_orthanc(folder / "orthanc", folder / "nothing") as root:
        base = root.removesuffix("/dicom-web")
        with httpx.Client(base_url=base, auth=("gateway", "a-password"), timeout=600) as client:
            version = client.get("/system").json()["Version"]
            made = client.post("/instances", content=(house.archive / "BIG" / "large.dcm").read_bytes())
            made.raise_for_status()
            peer = 0.0
            for _ in range(2):
                started = time.perf_counter()
                answer = client.post(f"/instances/{made.json()['ID']}/anonymize", json={"Force": True})
                answer.raise_for_status()
                peer = max(peer, len(answer.content) / (time.perf_counter() - started))
    yield Row("dataplane", "the same instance", ours / 1e6, "MB/s", f"anonymize of Orthanc {version}", ours / peer,
              ">= 10 times Orthanc", ours / peer >= 10)  # fmt: skip


def _not_measured(peer: str, goal: str) -> Row:
    return Row("dataplane", "instance, de-identified: the peer is not installed", 0, "MB/s", peer, 0, goal, met=False)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)  # nothing listens yet
        else:
            return
    raise AssertionError("nginx did not start")


def _fastest(url: str, token: str, path: str) -> tuple[float, int]:
    """(seconds, bytes) of the best of some downloads."""
    wire, best, size = Wire(url, token), float("inf"), 0
    for _ in range(7):
        started = time.perf_counter()
        size = wire.get(path, "application/dicom" if token else "*/*")
        best = min(best, time.perf_counter() - started)
    return best, size
