"""A DICOMweb service that goes wrong on purpose: a real server on a real socket."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

STUDY, SERIES, INSTANCE = "1.2.3", "1.2.3.4", "1.2.3.4.5"
LOCATOR = f"{STUDY}/{SERIES}/{INSTANCE}"
TOLD = json.dumps([{
    "0020000D": {"vr": "UI", "Value": [STUDY]}, "0020000E": {"vr": "UI", "Value": [SERIES]},
    "00080018": {"vr": "UI", "Value": [INSTANCE]},
}]).encode()  # fmt: skip
BODY = bytes(range(256)) * 4096
PART = b"--cut\r\nContent-Type: application/dicom\r\n\r\n" + BODY + b"\r\n--cut--\r\n"


@dataclass
class Faulty:
    """How it answers retrievals; `faults` are used up one by one, then all goes well."""

    address: str = ""
    faults: list[str] = field(default_factory=list)
    asked: int = 0

    def answer(self, wire: socket.socket, path: str) -> None:
        """One answer, good or bad."""
        if "limit=" in path:
            body = TOLD if "offset=0" in path else b"[]"
            wire.sendall(head(f"Content-Length: {len(body)}", "application/dicom+json") + body)
            return
        self.asked += 1
        fault = self.faults.pop(0) if self.faults else "none"
        kind = 'multipart/related; type="application/dicom"; boundary=cut'
        match fault:
            case "cut without a length":
                wire.sendall(head("X: y", kind) + PART[: len(PART) // 2])
            case "one without parts, cut without a length":
                wire.sendall(head("X: y", "application/dicom") + BODY[: len(BODY) // 2])
            case "cut before the length":
                wire.sendall(head(f"Content-Length: {len(PART)}", kind) + PART[: len(PART) // 2])
            case "cut before the last boundary":
                short = PART[: -len(b"\r\n--cut--\r\n")]
                wire.sendall(head(f"Content-Length: {len(short)}", kind) + short)
            case "reset":
                wire.sendall(head(f"Content-Length: {len(PART)}", kind) + PART[:1000])
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "stall":
                wire.sendall(head(f"Content-Length: {len(PART)}", kind) + PART[:1000])
                wire.recv(1)  # until the other side gives up
            case "trickle":
                wire.sendall(head(f"Content-Length: {len(PART)}", kind))
                with suppress(OSError):  # the other side has given up
                    for at in range(len(PART)):
                        wire.sendall(PART[at : at + 1])
            case "error":
                wire.sendall(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            case "elsewhere":
                wire.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
            case "a page":
                wire.sendall(head("Content-Length: 5", "text/html") + b"hello")
            case _:
                wire.sendall(head(f"Content-Length: {len(PART)}", kind) + PART)


FAULTS = (
    "cut without a length", "one without parts, cut without a length", "cut before the length",
    "cut before the last boundary", "reset", "stall", "error", "elsewhere", "a page",
)  # fmt: skip


def head(line: str, kind: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{line}\r\nConnection: close\r\n\r\n".encode()


@contextmanager
def a_faulty_service() -> Iterator[Faulty]:
    """The service on a free port of the loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    service = Faulty(f"http://127.0.0.1:{listener.getsockname()[1]}/root")

    def serve() -> None:
        while True:
            try:
                wire, _ = listener.accept()
            except OSError:
                return
            with wire:
                wire.settimeout(30)
                asked = b""
                while b"\r\n\r\n" not in asked and (more := wire.recv(65536)):
                    asked += more
                if asked:
                    service.answer(wire, asked.split(b" ")[1].decode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(30)
