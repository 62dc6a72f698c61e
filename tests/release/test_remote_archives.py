"""Out of a bucket or a DICOMweb archive a release gives what it gives out of a folder; a fault ends it openly."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import httpx
import pydicom
import pytest
from pydicom.encaps import generate_frames

from app import create_app
from gateway import db as database
from gateway import settings as settings_room
from gateway.archive import upstream
from gateway.catalogue import commands as catalogue
from gateway.catalogue.indexing import index_archive
from gateway.catalogue.sources import connected
from gateway.clock import now
from gateway.release.models import ManifestEntry
from gateway.trail.leases import close_frame_book
from gateway.trail.record import SYSTEM
from tests.archive.stores import BUCKET, KEY, ORTHANC, PLUGIN, SECRET, a_bucket, an_orthanc
from tests.archive.wires import Wire, a_wire_to
from tests.people.visitors import an_account
from tests.release.builders import World, a_client, a_download, a_release, an_archive, at, bound_to, events

needs_orthanc = pytest.mark.skipif(ORTHANC is None or not PLUGIN.exists(), reason="Orthanc is not installed")


@dataclass
class Remote:
    """A world whose archive is elsewhere, and how to take that away."""

    world: World
    gone: ExitStack
    wire: Wire


@pytest.fixture(params=["bucket", pytest.param("orthanc", marks=needs_orthanc)])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Remote]:
    before = settings_room.current()
    an_archive(tmp_path / "archive")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "policies").symlink_to(settings_room.ROOT / "policies")
    with ExitStack() as servers, ExitStack() as wires, bound_to(tmp_path / "data") as chosen:
        if request.param == "bucket":
            wire = wires.enter_context(a_wire_to(servers.enter_context(a_bucket(tmp_path / "archive"))))
            uri = f"s3://{BUCKET}/archive"
            told = replace(chosen, s3_endpoint=wire.address, s3_access_key=KEY, s3_secret_key=SECRET)
        else:
            orthanc = servers.enter_context(an_orthanc(tmp_path / "orthanc", tmp_path / "archive"))
            wire = wires.enter_context(a_wire_to(orthanc))
            uri = "dicomweb+" + wire.address
            told = replace(chosen, dicomweb_user="gateway", dicomweb_password="a-password")
        settings_room.use(told)
        with database.transaction() as db:
            site = catalogue.add_site(db, by=SYSTEM, code="NGH", name="Northfield", now=now())
            archive = catalogue.add_archive(db, by=SYSTEM, name="ngh", uri=uri, site=site, now=now())
        done = index_archive(by=SYSTEM, name="ngh", now=now())
        assert (done.read, done.broken) == (9, 0)
        with database.transaction() as db:
            catalogue.add_dataset(
                db, by=SYSTEM, slug="slides", title="Slides", summary="Slides", archive=db.merge(archive),
                terms=["DUO:0000042"], deid_policy="pathology-research", now=now(),
            )  # fmt: skip
        reader = an_account("ada")
        world = World(create_app(told), tmp_path / "archive", reader, a_release(reader))
        world.token = world.token_for(reader)
        yield Remote(world, servers, wire)
    settings_room.use(before)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives are given up soon."""
    monkeypatch.setattr("gateway.archive.objects.SILENCE", 0.3)
    monkeypatch.setattr("gateway.archive.objects.FIRST_WAIT", 0.01)
    monkeypatch.setattr("gateway.archive.dicomweb.SILENCE", 0.5)
    monkeypatch.setattr("gateway.archive.upstream.FIRST_WAIT", 0.01)


def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets are read 4 KiB at a time from now on, and nothing that was read is remembered."""
    monkeypatch.setattr("gateway.archive.blocks.PAGE", 4096)
    monkeypatch.setattr("gateway.archive.blocks.AHEAD", 4096)
    connected.cache_clear()


def told_of_reads() -> list[tuple[str, str]]:
    """(outcome, instance) of every read that is over, and of every refusal its code."""
    close_frame_book()
    ended = events("release.read.closed", "release.refused")
    return [(each.detail.get("outcome") or each.detail["code"], each.detail["instance"]) for each in ended]


def frames_of(data: bytes) -> list[bytes]:
    dataset = pydicom.dcmread(BytesIO(data))
    return list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))


def test_instances_and_frames_leave_de_identified_with_the_pixels_of_the_source(remote: Remote) -> None:
    world = remote.world
    sources = [frames_of(path.read_bytes()) for path in world.archive.rglob("*_[0-2].dcm")]
    released = world.released()
    assert len(released) == len(sources) == 5
    for entry in released:
        answer = world.get(at(entry))
        assert answer.status_code == 200
        assert pydicom.dcmread(BytesIO(answer.data)).PatientIdentityRemoved == "YES"
        frames = frames_of(answer.data)
        assert frames in sources
        frame = world.get(at(entry, "/frames/1")).data
        assert frame.rstrip(b"\0") == frames[0].rstrip(b"\0")
        start = len(answer.data) // 2
        part = world.get(at(entry), Range=f"bytes={start}-{start + 99}")
        assert (part.status_code, part.data) == (206, answer.data[start : start + 100])
    assert index_archive(by=SYSTEM, name="ngh", now=now()).unchanged == 9


@pytest.mark.parametrize("remote", ["bucket"], indirect=True)
def test_an_archive_that_goes_away_ends_the_stream_and_is_on_the_record(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_pieces(monkeypatch)
    monkeypatch.setattr("gateway.release.streams.CHUNK", 4096)
    world = remote.world
    with a_download(world, at(world.biggest())) as (length, body):
        sent = sum(len(next(body)) for _ in range(3))
        remote.gone.close()
        with pytest.raises(upstream.UpstreamFailed):
            sent += sum(map(len, body))
    assert sent < length
    (closed,) = events("release.read.closed")
    assert (closed.detail["outcome"], closed.detail["bytes_sent"] < length) == ("aborted", True)
    answer = world.get(at(world.biggest()))
    assert answer.status_code in (502, 503)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("remote", ["bucket"], indirect=True)
def test_a_frame_that_stalls_is_an_error_and_an_aborted_read(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_pieces(monkeypatch)
    entry = remote.world.biggest()
    with a_client(remote.world) as client:
        assert client.get(at(entry, "/metadata")).status_code == 200  # the header is known from now on
        remote.wire.left, remote.wire.stalls = 2000, True
        answer = client.get(at(entry, f"/frames/{entry.frame_count // 2}"))  # far from all that was read
    assert (answer.status_code, answer.json()["code"]) == (502, "archive-failed")
    assert told_of_reads()[1:] == [("archive-failed", entry.uid), ("aborted", entry.uid)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("remote", ["bucket"], indirect=True)
def test_frames_of_many_bytes_that_stall_are_cut_and_an_aborted_read(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.release.frames.AT_ONCE", 1000)
    in_small_pieces(monkeypatch)
    monkeypatch.setattr("gateway.release.streams.CHUNK", 4096)
    entry, got = remote.world.biggest(), 0
    numbers = ",".join(str(number + 1) for number in range(entry.frame_count))
    with a_client(remote.world) as client, client.stream("GET", at(entry, f"/frames/{numbers}")) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        got += len(next(pieces))
        remote.wire.left = 0
        with pytest.raises(httpx.RemoteProtocolError):
            got += sum(map(len, pieces))
    assert 0 < got < int(answer.headers["Content-Length"])
    assert told_of_reads() == [("aborted", entry.uid)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("remote", [pytest.param("orthanc", marks=needs_orthanc)], indirect=True)
def test_an_archive_that_dies_while_an_instance_is_fetched_is_an_error_on_the_record(remote: Remote) -> None:
    shutil.rmtree(settings_room.current().data_dir / "spool")
    remote.wire.left, remote.wire.breaks = 10_000, remote.gone.close
    entry = remote.world.biggest()
    with a_client(remote.world) as client:
        answers = [client.get(at(entry, rest)) for rest in ("", "/frames/1", "/rendered", "/metadata")]
    assert remote.wire.broken.is_set()
    assert {answer.status_code for answer in answers} <= {502, 503}
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/problem+json"}
    assert set(told_of_reads()) == {("archive-failed", entry.uid)}
    assert len(told_of_reads()) == len(answers)
    assert events("release.read.opened") == []


ORTHANC_ALONE = pytest.mark.parametrize("remote", [pytest.param("orthanc", marks=needs_orthanc)], indirect=True)
MUCH = 250_000  # bytes of the largest instance, which has 350,000


def not_spooled(world: World) -> tuple[ManifestEntry, list[bytes]]:
    """The largest instance, its frames as the archive has them; nothing of it is on the local disk any more."""
    entry = world.biggest()
    sources = [frames_of(path.read_bytes()) for path in world.archive.rglob("*_0.dcm")]
    (frames,) = [each for each in sources if len(each) == entry.frame_count]
    shutil.rmtree(settings_room.current().data_dir / "spool")
    return entry, frames


@ORTHANC_ALONE
def test_the_first_bytes_of_an_instance_leave_while_the_last_are_still_on_their_way(remote: Remote) -> None:
    world = remote.world
    whole = world.get(at(world.biggest())).data
    entry, _frames = not_spooled(world)
    remote.wire.waits_behind = MUCH
    with a_client(world) as client, client.stream("GET", at(entry)) as answer:
        assert int(answer.headers["Content-Length"]) == len(whole)
        pieces = answer.iter_raw()
        got = b""
        while len(got) < 100_000:
            got += next(pieces)
        assert not remote.wire.goes_on.is_set()
        remote.wire.goes_on.set()
        assert got + b"".join(pieces) == whole
    assert remote.wire.waiting.is_set()
    assert told_of_reads()[-1] == ("complete", entry.uid)


@ORTHANC_ALONE
@pytest.mark.usefixtures("impatient")
def test_an_archive_that_stalls_or_ends_in_the_middle_cuts_the_download(remote: Remote) -> None:
    world = remote.world
    for ends in (False, True):
        entry, _frames = not_spooled(world)
        remote.wire.waits_behind = MUCH
        with a_client(world) as client, client.stream("GET", at(entry)) as answer:
            assert answer.status_code == 200
            pieces = answer.iter_raw()
            got = len(next(pieces))
            if ends:
                remote.wire.left = 0
                remote.wire.goes_on.set()
            with pytest.raises(httpx.RemoteProtocolError):  # fewer bytes than Content-Length said
                got += sum(map(len, pieces))
        assert remote.wire.waiting.is_set()
        assert 0 < got < int(answer.headers["Content-Length"])
    assert told_of_reads() == [("aborted", entry.uid)] * 2


@ORTHANC_ALONE
def test_frames_that_have_not_come_yet_are_asked_for_by_themselves_and_are_those_of_the_source(remote: Remote) -> None:
    world = remote.world
    entry, frames = not_spooled(world)
    last = entry.frame_count
    remote.wire.waits_behind = MUCH
    with a_client(world) as client:
        assert client.get(at(entry, f"/frames/{last}")).content.rstrip(b"\0") == frames[-1].rstrip(b"\0")
        several = client.get(at(entry, f"/frames/{last - 1},1"), headers={"Accept": "*/*"})
        assert frames[-2].rstrip(b"\0") in several.content
        assert remote.wire.waiting.is_set()  # the instance itself is still on its way
        remote.wire.goes_on.set()
        whole = client.get(at(entry)).content
    assert frames_of(whole) == frames


@pytest.mark.parametrize("remote", ["bucket"], indirect=True)
def test_an_index_run_while_the_archive_is_away_marks_nothing_as_broken_or_gone(remote: Remote) -> None:
    before = [(each.uid, each.released) for each in remote.world.entries()]
    remote.gone.close()
    with pytest.raises(upstream.UpstreamFailed):
        index_archive(by=SYSTEM, name="ngh", now=now())
    assert [(each.uid, each.released) for each in remote.world.entries()] == before
    assert events("archive.indexed")[-1].detail["read"] == 9
