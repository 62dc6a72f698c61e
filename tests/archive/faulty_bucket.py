"""An object store that goes wrong on purpose: a real server on a real socket, with one object in it."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 4096
KEY = "one"
FAULTS = ("cut", "shorter", "another part", "the whole", "reset", "stall", "error", "elsewhere")


class Bucket(ThreadingHTTPServer):
    """How it answers ranged reads: with `fault`, if that is not empty. `heard`: what came to it."""

    daemon_threads = True
    fault = ""
    elsewhere = ""

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), Answer)
        self.heard: list[str] = []
        self.lengths: list[int] = []
        self.address = f"http://{host}:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Bucket
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.heard.append(self.command)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        fault = self.server.fault
        if fault in ("error", "refused"):
            self._head(500 if fault == "error" else 403, 0)
        elif fault == "elsewhere":
            self._head(307, 0, Location=f"{self.server.elsewhere}/bucket/{KEY}")
        elif asked is None:
            self._head(200, len(CONTENT))
            if self.command == "GET":
                self.wfile.write(CONTENT)
        else:
            self.server.lengths.append(int(asked[2]) + 1 - int(asked[1]))
            self._part(fault, int(asked[1]), int(asked[2]) + 1)

    def _part(self, fault: str, start: int, stop: int) -> None:
        if fault == "the whole":
            self._head(200, len(CONTENT))
            self.wfile.write(CONTENT)
            return
        if fault == "shorter":
            stop -= 10
        if fault == "another part":
            start, stop = start + 1, stop + 1
        self._head(206, stop - start, **{"Content-Range": f"bytes {start}-{stop - 1}/{len(CONTENT)}"})
        if fault not in ("cut", "reset", "stall"):
            self.wfile.write(CONTENT[start:stop])
            return
        self.wfile.write(CONTENT[start : start + 10])
        self.close_connection = True
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if fault == "stall":
            self.connection.recv(1)  # until the other side gives up

    def _head(self, status: int, length: int, **more: str) -> None:
        self.send_response(status)
        fixed = {"ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 00:00:00 GMT", "Content-Length": str(length)}
        for name, value in {**fixed, **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def a_faulty_bucket(host: str = "127.0.0.1") -> Iterator[Bucket]:
    """The store on a free port of the loopback."""
    with Bucket(host) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(30)
