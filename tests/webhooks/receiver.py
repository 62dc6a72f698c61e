"""A receiver of webhooks on loopback, and a check of signatures written from the specification alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Receiver(ThreadingHTTPServer):
    """Keeps what it is sent; answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[Mapping[str, str], bytes]] = []
        self.status = 204

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_address[1]}/hooks/gate?key=1"


class Taking(BaseHTTPRequestHandler):
    """One event."""

    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((dict(self.headers) | {"path": self.path}, body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def a_receiver(certificate: Path | None = None) -> Iterator[Receiver]:
    with Receiver() as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def a_certificate(path: Path, name: str) -> Path:
    """A certificate of a host of this name, signed by itself, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=1)
    built = x509.CertificateBuilder(who, who, key.public_key(), 1, begin, begin + timedelta(days=9))
    named = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    pem = named.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
    return path


def verified(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Standard Webhooks 1.0: base64 of HMAC-SHA256 over id, timestamp and body, joined by dots."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    version, _, signature = headers["Webhook-Signature"].partition(",")
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return version == "v1" and hmac.compare_digest(signature, expected)
