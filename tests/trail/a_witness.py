"""A witness as C2SP has it, on a real socket: it remembers one size and root, and signs what continues them."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.trail import merkle
from gateway.trail.notes import COSIGNATURE, BadNote, VerifierKey, cosigned, opened

SEEN = 1_790_000_000  # seconds


class Witness(ThreadingHTTPServer):
    """`log`: the key of the log that it knows. `lies`: it signs with another key than its own."""

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self._private = Ed25519PrivateKey.generate()
        self.key = VerifierKey(name, self._private.public_key().public_bytes_raw(), COSIGNATURE)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.log: VerifierKey | None = None
        self.size, self.root = 0, merkle.EMPTY
        self.lies = False

    def answer(self, body: str) -> tuple[int, str]:
        """Status and text for a checkpoint that is shown."""
        head, _, note = body.partition("\n\n")
        stated, *proof = head.splitlines()
        try:
            checkpoint, signed_by = opened(note, [self.log] if self.log else [])
        except BadNote:
            return 400, ""
        if not signed_by:
            return 403, ""
        if int(stated.removeprefix("old ")) != self.size:
            return 409, f"{self.size}\n"
        path = [base64.b64decode(each) for each in proof]
        if not merkle.is_consistent(self.size, self.root, checkpoint.size, checkpoint.root, path):
            return 422, ""
        self.size, self.root = checkpoint.size, checkpoint.root
        key = Ed25519PrivateKey.generate() if self.lies else self._private
        signature = key.sign(cosigned(checkpoint.text, SEEN).encode())
        raw = bytes.fromhex(self.key.id) + SEEN.to_bytes(8, "big") + signature
        return 200, f"— {self.key.name} {base64.b64encode(raw).decode()}\n"


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Witness

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, text = self.server.answer(body) if self.path == "/add-checkpoint" else (404, "")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def a_witness(name: str = "witness.example.net") -> Iterator[Witness]:
    """A witness that listens."""
    with Witness(name) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(30)
