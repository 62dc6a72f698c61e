"""A timestamp authority on a real socket: OpenSSL's own, with a root and a certificate made for the test."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OPENSSL = shutil.which("openssl")
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
CONFIGURED = """
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = {named}
"""


def certificate(
    name: str,
    key: Key,
    issuer: x509.Certificate | None,
    signed_by: Key,
    *,
    use: x509.ObjectIdentifier | None,
    issues: bool = False,
) -> x509.Certificate:
    """In force for a day either way; without `use`, or if it is said so, it may issue others."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer.subject if issuer else subject, subject, key.public_key(), x509.random_serial_number(),
        now - timedelta(days=1), now + timedelta(days=1),
    )  # fmt: skip
    made = made.add_extension(x509.BasicConstraints(ca=issues or use is None, path_length=None), critical=True)
    if use is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
    return made.sign(signed_by, hashes.SHA256())


class Authority(ThreadingHTTPServer):
    """`tries`: requests that came. `says`: what it answers with instead."""

    def __init__(self, folder: Path, *, curve: bool = False, digest: str = "sha256", named: str = "sha256") -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/tsa"
        self.folder, self.tries, self.says = folder, 0, b""
        folder.mkdir(exist_ok=True)
        root_key = ec.generate_private_key(ec.SECP256R1())
        key: Key = ec.generate_private_key(ec.SECP384R1()) if curve else rsa.generate_private_key(65537, 2048)
        self.root = certificate("Root of time", root_key, None, root_key, use=None)
        signer = certificate("Clock", key, self.root, root_key, use=ExtendedKeyUsageOID.TIME_STAMPING)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for file, content in (
            ("root.pem", self.root.public_bytes(Encoding.PEM)),
            ("signer.pem", signer.public_bytes(Encoding.PEM)),
            ("key.pem", private),
            ("serial", b"01\n"),
            ("tsa.cnf", CONFIGURED.format(folder=folder, digest=digest, named=named).encode()),
        ):
            (folder / file).write_bytes(content)

    def answer(self, query: bytes) -> bytes:
        """A TimeStampResp."""
        self.tries += 1
        (self.folder / "query").write_bytes(query)
        asked = ["ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query"]
        asked += ["-signer", "signer.pem", "-inkey", "key.pem", "-out", "reply"]
        subprocess.run([str(OPENSSL), *asked], cwd=self.folder, check=True, capture_output=True)
        return self.says or (self.folder / "reply").read_bytes()


class Answer(BaseHTTPRequestHandler):
    """Takes application/timestamp-query, and nothing else."""

    server: Authority

    def do_POST(self) -> None:
        """RFC 3161, 3.4."""
        fits = self.headers["Content-Type"] == "application/timestamp-query"
        body = self.server.answer(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200 if fits else 415)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def an_authority(folder: Path, **options: object) -> Iterator[Authority]:
    """Running until the end of the block."""
    server = Authority(folder, **options)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
