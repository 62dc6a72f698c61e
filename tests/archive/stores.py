"""Real servers for the tests of archives: an S3-compatible store, and Orthanc with its DICOMweb plug-in.

They listen on the loopback only, on free ports, and end with the test.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

ORTHANC = shutil.which("Orthanc") or ("/usr/sbin/Orthanc" if Path("/usr/sbin/Orthanc").exists() else None)
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
BUCKET, KEY, SECRET = "slides", "an-access-key", "a-secret-key"
PATIENCE = 60.0  # seconds for a server to start


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_bucket(folder: Path) -> Iterator[str]:
    """An object store that holds the files of a folder; its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        httpx.put(f"{address}/{BUCKET}").raise_for_status()
        store = store_at(address)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                obstore.put(store, f"archive/{path.relative_to(folder)}", path)
        yield address
    finally:
        server.stop()


def store_at(address: str) -> S3Store:
    return S3Store(
        BUCKET,
        config={"endpoint": address, "access_key_id": KEY, "secret_access_key": SECRET, "region": "us-east-1"},
        client_options={"allow_http": True},
    )


@contextmanager
def an_orthanc(data: Path, folder: Path) -> Iterator[str]:
    """Orthanc with the files of a folder; the root of its DICOMweb service."""
    assert ORTHANC is not None
    data.mkdir()
    port = free_port()
    (data / "orthanc.json").write_text(
        json.dumps({
            "HttpPort": port, "RemoteAccessAllowed": False, "AuthenticationEnabled": True,
            "RegisteredUsers": {"gateway": "a-password"}, "StorageDirectory": str(data), "IndexDirectory": str(data),
            "DicomServerEnabled": False, "Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "StorageCompression": False, "MaximumStorageSize": 0,
        })
    )  # fmt: skip
    with (data / "log").open("wb") as log:
        server = subprocess.Popen([ORTHANC, str(data / "orthanc.json")], stdout=log, stderr=log)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=("gateway", "a-password")) as client:
                _started(client, server, data / "log")
                for path in sorted(folder.rglob("*.dcm")):
                    client.post("/instances", content=path.read_bytes(), timeout=60).raise_for_status()
            yield f"http://127.0.0.1:{port}/dicom-web"
        finally:
            server.terminate()
            server.wait(30)


def _started(client: httpx.Client, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it answers: it has no other signal than its port."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            client.get("/system").raise_for_status()
            return
        except httpx.HTTPError:
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(log.read_text()) from None
    raise AssertionError("Orthanc did not start")
