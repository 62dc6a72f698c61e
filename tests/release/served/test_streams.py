"""Long downloads over a real connection: cut when access ends, resumed where they stopped, in little memory."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from gateway import db as database
from gateway.clock import now
from gateway.consent.duo import read_vocabulary
from gateway.consent.given import Row, import_consents
from gateway.consent.models import GIVEN, WITHDRAWN, PatientConsent
from gateway.consent.optouts import import_optouts
from gateway.projects.keys import data_master, first_data_master
from gateway.trail.record import SYSTEM
from tests.conftest import ROOT
from tests.release.served import houses
from tests.release.served.houses import House, Reader, a_reader, events, place

MEGABYTES = 256
LITTLE = 24 * 1024 * 1024  # bytes of memory that any one request may take
PATIENCE = 10.0  # seconds within which the trail must say how a stream ended


@pytest.fixture(scope="module")
def large(built: House) -> str:
    """A dataset of one slide that no socket's buffers can hold."""
    built.move_in()
    dataset = houses.a_large_slide(built, "LRG", MEGABYTES)
    built.datasets.remove(dataset)
    return dataset


def a_download(house: House, reader: Reader) -> str:
    with house.client(reader) as client:
        return place(client.get("instances").json()[0])


def outcome(reader: Reader) -> dict[str, object]:
    """How the last read ended, as the trail says it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := events(reader.release, "release.read.closed"):
            return dict(found[-1].detail)
        time.sleep(0.1)  # another process writes the event; it sends no signal here
    raise AssertionError("the read was not closed on the trail")


def begun(client: httpx.Client, path: str) -> Iterator[bytes]:
    with client.stream("GET", path, headers={"Accept": "application/dicom"}) as answer:
        assert answer.status_code == 200
        yield from answer.iter_raw(64 * 1024)


def opt_out(house: House, site: str, patient: str) -> None:
    with database.transaction() as db:
        key = data_master(db)
        import_optouts(db, by=SYSTEM, master=key, rows=[(site, patient)], sites=[site], now=now())


def read_slowly(pieces: Iterator[bytes], seconds: float) -> int:
    """Bytes received in that time, at a pace that leaves most of the slide to come."""
    received, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        received += len(next(pieces))
        time.sleep(0.01)
    return received


def test_a_running_download_stops_when_its_grant_is_revoked(served: House, large: str) -> None:
    reader = a_reader(served, datasets=[large])
    path = a_download(served, reader)
    with served.client(reader) as client:
        pieces = begun(client, path)
        received = len(next(pieces))
        houses.revoke(reader)
        with pytest.raises(httpx.RemoteProtocolError):  # fewer bytes than Content-Length said
            received += read_slowly(pieces, PATIENCE)
        assert received < MEGABYTES * 500_000
        told = outcome(reader)
        assert told["outcome"] == "stopped"
        assert int(str(told["bytes_sent"])) >= received
        again = client.get(path, headers={"Range": f"bytes={received}-"})
    assert (again.status_code, again.json()["code"]) == (403, "grant-revoked")


def test_a_running_download_stops_when_its_patient_opts_out(served: House, large: str) -> None:
    reader = a_reader(served, datasets=[large])
    path = a_download(served, reader)
    with served.client(reader) as client:
        pieces = begun(client, path)
        next(pieces)
        opt_out(served, "LRG", "LRG-1")
        with pytest.raises(httpx.RemoteProtocolError):
            read_slowly(pieces, PATIENCE)
        assert outcome(reader)["outcome"] == "stopped"
        again = client.get(path)
    assert (again.status_code, again.json()["code"]) == (403, "consent-withdrawn")
    revive(served)


@pytest.mark.parametrize("how", ["withdrawn", "ended"])
def test_a_running_download_stops_when_a_consent_ends(served: House, large: str, how: str) -> None:
    agree("LRG", "LRG-1", until=None if how == "withdrawn" else now() + timedelta(seconds=2))
    reader = a_reader(served, datasets=[large])
    path = a_download(served, reader)
    with served.client(reader) as client:
        pieces = begun(client, path)
        next(pieces)
        if how == "withdrawn":
            agree("LRG", "LRG-1", until=None, state=WITHDRAWN)
        with pytest.raises(httpx.RemoteProtocolError):
            read_slowly(pieces, PATIENCE)
        assert outcome(reader)["outcome"] == "stopped"
        again = client.get(path)
    assert (again.status_code, again.json()["code"]) == (403, "consent-withdrawn")
    disagree()


def agree(site: str, patient: str, *, until: datetime | None, state: str = GIVEN) -> None:
    """The patient's consent, kept in place of the one before."""
    terms = read_vocabulary(ROOT / "policies").terms(["DUO:0000042"])
    row = Row("line 2", patient, "1", terms, now() - timedelta(days=1), until, state)
    with database.transaction() as db:
        import_consents(db, by=SYSTEM, master=first_data_master(db, now=now()), site=site, rows=[row], now=now())


def disagree() -> None:
    """Other tests go on with a patient of whom no consent is kept."""
    with database.transaction() as db:
        db.query(PatientConsent).delete()


def revive(house: House) -> None:
    """Other tests go on with the same patient."""
    from gateway.consent.models import OptOut

    with database.transaction() as db:
        db.query(OptOut).delete()
    assert house.datasets


def test_a_client_that_goes_away_leaves_an_aborted_read(served: House, large: str) -> None:
    reader = a_reader(served, datasets=[large])
    path = a_download(served, reader)
    with served.client(reader) as client:
        pieces = begun(client, path)
        received = len(next(pieces))
        pieces.close()  # type: ignore[attr-defined]  # a generator
    told = outcome(reader)
    assert told["outcome"] == "aborted"
    assert received <= int(str(told["bytes_sent"])) < MEGABYTES * 990_000


def test_a_whole_release_is_cut_like_one_instance(served: House, large: str) -> None:
    reader = a_reader(served, datasets=[large])
    with served.client(reader) as client:
        pieces = begun(client, "download.tar")
        next(pieces)
        houses.revoke(reader)
        with pytest.raises(httpx.RemoteProtocolError):
            read_slowly(pieces, PATIENCE)
    assert outcome(reader)["outcome"] == "stopped"
    reader = a_reader(served, datasets=[large])
    with served.client(reader) as client:
        pieces = begun(client, "download.tar")
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]  # a generator
    assert outcome(reader)["outcome"] == "aborted"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_curl_resumes_an_interrupted_download(served: House, large: str, tmp_path: Path) -> None:
    reader = a_reader(served, datasets=[large])
    path = a_download(served, reader)
    with served.client(reader) as client:
        whole, whole_size = hashlib.sha256(), 0
        for piece in begun(client, path):
            whole.update(piece)
            whole_size += len(piece)
    target = tmp_path / "slide.dcm"
    command = ["curl", "-sf", "-C", "-", "-o", str(target), "-H", f"Authorization: Bearer {reader.token}"]
    first = subprocess.run([*command, "--limit-rate", "20M", "-m", "2", served.url(reader, path)], check=False)
    assert first.returncode == 28  # out of time
    assert 0 < target.stat().st_size < MEGABYTES * 990_000
    subprocess.run([*command, served.url(reader, path)], check=True)
    with target.open("rb") as handle:
        assert hashlib.file_digest(handle, "sha256").digest() == whole.digest()
    subprocess.run([*command, served.url(reader, path)], check=False)  # nothing is left to fetch: 416
    assert target.stat().st_size == whole_size


def test_memory_does_not_grow_with_the_slide(served: House, large: str) -> None:
    reader = a_reader(served, datasets=[large])
    path = a_download(served, reader)
    with served.client(reader) as client:
        before = forget_the_peak(worker(served))
        assert sum(map(len, begun(client, path))) > MEGABYTES * 990_000
    assert peak(worker(served)) - before < LITTLE


def test_memory_does_not_grow_with_a_whole_release_either(served: House, large: str) -> None:
    reader = a_reader(served, datasets=[large])
    with served.client(reader) as client:
        before = forget_the_peak(worker(served))
        assert sum(map(len, begun(client, "download.tar"))) > MEGABYTES * 990_000
    assert peak(worker(served)) - before < LITTLE


def test_memory_does_not_grow_with_the_frames_of_one_answer(served: House, large: str) -> None:
    reader = a_reader(served, datasets=[large])
    path = f"{a_download(served, reader)}/frames/{','.join(map(str, range(1, 81)))}"
    with served.client(reader) as client:
        before = forget_the_peak(worker(served))
        with client.stream("GET", path) as answer:
            assert answer.status_code == 200
            assert sum(map(len, answer.iter_raw(64 * 1024))) > 80 * 3_000_000
    assert peak(worker(served)) - before < LITTLE


def test_workers_share_what_was_loaded_before_they_were_forked(served: House) -> None:
    told = Path(f"/proc/{worker(served).pid}/smaps_rollup").read_text()
    shared = int(told.partition("Shared_Dirty:")[2].split()[0]) / 1000
    assert shared > 20  # MB; 4 if each loads the app for itself


def worker(house: House) -> psutil.Process:
    """The process of gunicorn that answers: the one that the other has forked."""
    mine = [each for each in psutil.process_iter() if serves(each, str(house.settings.port))]
    (answers,) = (each for each in mine if each.ppid() in {other.pid for other in mine})
    return answers


def serves(process: psutil.Process, port: str) -> bool:
    try:
        return "gunicorn" in " ".join(process.cmdline()) and process.environ().get("SLIDEGATE_PORT") == port
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return False


def forget_the_peak(process: psutil.Process) -> int:
    """Start measuring anew (proc(5), clear_refs); gives the bytes that are held now."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    return peak(process)


def peak(process: psutil.Process) -> int:
    """The most bytes of memory that the process has held since."""
    (line,) = (each for each in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmHWM" in each)
    return int(line.split()[1]) * 1024
