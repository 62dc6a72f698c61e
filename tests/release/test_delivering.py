"""A delivery writes each released instance once, whole and on the record; what was killed goes on where it was."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import obstore
import pydicom
import pytest
from sqlalchemy import select

from gateway import db as database
from gateway import settings as settings_room
from gateway.clock import now
from gateway.jobs.models import State, WorkItem
from gateway.jobs.worker import run_once
from gateway.people.models import Account
from gateway.projects.grants import NotAMember, Revoked
from gateway.release import delivering, targets
from gateway.release.delivering import SomethingElseThere, begin, deliver
from gateway.release.models import Delivered, Delivery, ManifestEntry
from gateway.release.streams import Stopped
from gateway.release.targets import BadTarget
from gateway.settings import ROOT
from gateway.trail.record import SYSTEM
from tests.archive.stores import BUCKET, KEY, SECRET, a_bucket, store_at
from tests.people.visitors import an_account
from tests.release.builders import World, at, events

ROOMS = ("gateway.release.jobs",)


def begun(world: World, destination: str, recipient: Account | None = None) -> str:
    with database.transaction() as db:
        account = db.get_one(Account, (recipient or world.reader).id)
        release = db.merge(world.release)
        return begin(db, by=SYSTEM, release=release, recipient=account, destination=destination, now=now()).id


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def items() -> list[WorkItem]:
    with database.reading() as db:
        return list(db.scalars(select(WorkItem).where(WorkItem.kind == delivering.KIND)))


def test_every_released_instance_is_there_as_it_would_be_downloaded(world: World, tmp_path: Path) -> None:
    delivery = begun(world, str(tmp_path / "out"))
    run_once(ROOMS)
    found = files(tmp_path / "out")
    sums = found.pop("SHA256SUMS").decode().splitlines()
    expected = {f"{e.study_uid}/{e.series_uid}/{e.uid}.dcm": world.get(at(e)).data for e in world.released()}
    assert found == expected
    assert sums == [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(found.items())]
    assert all(pydicom.dcmread(BytesIO(data)).PatientIdentityRemoved == "YES" for data in found.values())
    leases = [each for each in events("release.read.opened") if each.detail.get("session") == f"delivery:{delivery}"]
    assert {each.instance_uid for each in leases} == {entry.uid for entry in world.released()}
    assert {each.actor_id for each in leases} == {world.reader.id}
    (told,) = events("release.delivered")
    assert told.detail["images"] == len(found)
    assert [each.state for each in items()] == [State.DONE]


def test_it_can_be_asked_for_again_and_done_again_without_harm(world: World, tmp_path: Path) -> None:
    delivery = begun(world, str(tmp_path / "out"))
    assert begun(world, str(tmp_path / "out")) == delivery
    assert len(items()) == 1
    deliver(delivery, 0)
    before, leases = files(tmp_path / "out"), len(events("release.read.opened"))
    deliver(delivery, 0)
    assert (files(tmp_path / "out"), len(events("release.read.opened"))) == (before, leases)
    assert len(events("release.delivered")) == 1


def test_access_that_is_taken_back_in_the_middle_ends_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = begun(world, str(tmp_path / "out"))
    written = delivering._write

    def once(*arguments: object) -> None:
        written(*arguments)  # type: ignore[arg-type]
        world.revoke()

    monkeypatch.setattr(delivering, "_write", once)
    monkeypatch.setattr("gateway.release.streams.ASK_AGAIN", -1.0)
    with pytest.raises(Stopped):
        deliver(delivery, 0)
    there = files(tmp_path / "out")
    assert len(there) == 1
    assert "SHA256SUMS" not in there
    with pytest.raises(Revoked):
        deliver(delivery, 0)
    assert files(tmp_path / "out") == there


def test_nobody_gets_a_delivery_who_may_not_read_the_release(world: World, tmp_path: Path) -> None:
    with pytest.raises(NotAMember):
        begun(world, str(tmp_path / "out"), an_account("mallory"))
    with pytest.raises(BadTarget):
        begun(world, "relative/path")
    assert items() == []


def test_what_lies_there_already_is_not_overwritten(world: World, tmp_path: Path) -> None:
    entry = world.released()[0]
    path = tmp_path / "out" / entry.study_uid / entry.series_uid / f"{entry.uid}.dcm"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody's own work")
    with pytest.raises(SomethingElseThere):
        deliver(begun(world, str(tmp_path / "out")), 0)
    assert path.read_bytes() == b"somebody's own work"


KILLED = """
import os, signal, sys
from gateway import db, settings
from gateway.release import delivering, targets
count = 0
plain = delivering._hashed
def hashed(stream, digest):
    global count
    count += 1
    for piece in plain(stream, digest):
        if count == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        yield piece
delivering._hashed = hashed
db.bind(settings.current().database)
delivering.deliver(sys.argv[1], 0)
"""


def test_a_worker_that_is_killed_leaves_nothing_half_and_the_next_goes_on(world: World, tmp_path: Path) -> None:
    delivery = begun(world, str(tmp_path / "out"))
    chosen = settings_room.current()
    environ = {
        **os.environ, "SLIDEGATE_DATA_DIR": str(chosen.data_dir), "SLIDEGATE_POLICIES_DIR": str(chosen.policies_dir),
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "import gateway.governance.models\n" + KILLED, delivery], env=environ, timeout=120,
        check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    with database.reading() as db:
        there = {each.name for each in db.scalars(select(Delivered))}
    assert len(there) == 2
    assert {name for name in files(tmp_path / "out") if name.endswith(".dcm")} == there
    deliver(delivery, 0)
    assert len([name for name in files(tmp_path / "out") if name.endswith(".dcm")]) == len(world.released())
    assert len(events("release.delivered")) == 1


def to(address: str) -> dict[str, str]:
    """The settings by which a bucket takes deliveries."""
    told = {"endpoint": address, "access_key": KEY, "secret_key": SECRET}
    return {f"delivery_s3_{name}": value for name, value in told.items()}


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[str]:
    before = settings_room.current()
    (tmp_path / "nothing").mkdir()
    with a_bucket(tmp_path / "nothing") as address:
        settings_room.use(replace(before, **to(address)))
        yield address
    settings_room.use(before)


def test_a_bucket_gets_the_same(world: World, bucket: str) -> None:
    settings_room.use(replace(settings_room.current(), **to(bucket)))
    delivery = begun(world, f"s3://{BUCKET}/delivered")
    deliver(delivery, 0)
    store = store_at(bucket)
    for entry in world.released():
        name = f"delivered/{entry.study_uid}/{entry.series_uid}/{entry.uid}.dcm"
        assert bytes(obstore.get(store, name).bytes()) == world.get(at(entry)).data
    assert len(bytes(obstore.get(store, "delivered/SHA256SUMS").bytes()).splitlines()) == len(world.released())
    with database.reading() as db:
        assert db.get_one(Delivery, delivery).done_at is not None


def test_the_keys_of_the_archives_are_never_used_for_a_delivery(world: World, bucket: str) -> None:
    archives = replace(settings_room.Settings(), s3_endpoint=bucket, s3_access_key=KEY, s3_secret_key=SECRET)
    settings_room.use(replace(archives, data_dir=settings_room.current().data_dir))
    with pytest.raises(BadTarget, match="keys of its own"):
        begun(world, f"s3://{BUCKET}/delivered")
    assert items() == []


@pytest.fixture
def bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each instance is a band of its own."""
    monkeypatch.setattr("gateway.release.delivered.BAND", 1)
    monkeypatch.setattr(delivering, "BAND", 1)
    monkeypatch.setattr("gateway.release.delivered.PAGE", 2)


@pytest.mark.usefixtures("bands")
def test_many_bands_write_the_sums_once_at_the_end(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, sums = targets.Folder.put, []

    def noted(self: targets.Folder, name: str, pieces: Iterator[bytes]) -> None:
        sums.extend([len(files(tmp_path / "out"))] if name == "SHA256SUMS" else [])
        put(self, name, pieces)

    monkeypatch.setattr(targets.Folder, "put", noted)
    delivery = begun(world, str(tmp_path / "out"))
    assert len(items()) == max(each.position for each in world.entries()) + 1 > 5
    run_once(ROOMS)
    found = files(tmp_path / "out")
    assert sums == [len(world.released())]
    lines = found.pop("SHA256SUMS").decode().splitlines()
    assert lines == [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(found.items())]
    (told,) = events("release.delivered")
    assert (told.detail["images"], told.detail["bytes"]) == (len(found), sum(map(len, found.values())))
    with database.reading() as db:
        assert delivering.progress(db, delivery) == (len(found), len(found))


@pytest.mark.usefixtures("bands")
def test_what_failed_for_good_is_tried_again_when_it_is_asked_for_again(world: World, tmp_path: Path) -> None:
    entry = world.released()[1]
    stranger = tmp_path / "out" / entry.study_uid / entry.series_uid / f"{entry.uid}.dcm"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"somebody's own work")
    delivery = begun(world, str(tmp_path / "out"))
    with database.transaction() as db:
        for item in db.scalars(select(WorkItem)):
            item.most_attempts = 1
    run_once(ROOMS)
    assert sorted(each.state for each in items())[-1] == State.FAILED
    assert "SHA256SUMS" not in files(tmp_path / "out")
    stranger.unlink()
    assert begun(world, str(tmp_path / "out")) == delivery
    run_once(ROOMS)
    assert {each.state for each in items()} == {State.DONE}
    assert len(files(tmp_path / "out")) == len(world.released()) + 1
    assert len(events("release.delivered")) == 1


@pytest.mark.usefixtures("bands")
def test_what_is_released_after_its_band_was_done_is_delivered_too(world: World, tmp_path: Path) -> None:
    late = world.released()[0]
    with database.transaction() as db:
        db.get_one(ManifestEntry, (late.release_id, late.uid)).released = False
    delivery = begun(world, str(tmp_path / "out"))
    deliver(delivery, late.position)
    assert files(tmp_path / "out") == {}
    with database.transaction() as db:
        db.get_one(ManifestEntry, (late.release_id, late.uid)).released = True
    run_once(ROOMS)
    assert len(files(tmp_path / "out")) == len(world.released()) + 1


def test_a_file_and_its_folders_are_durable_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush, flushed = os.fsync, []

    def noted(handle: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{handle}"))
        flush(handle)

    monkeypatch.setattr(os, "fsync", noted)
    targets.Folder(tmp_path).put("a/b/c.dcm", iter([b"bytes"]))
    made, file, renamed = flushed[:2], flushed[2], flushed[3]
    assert made == [str(tmp_path), str(tmp_path / "a")]
    assert Path(file).parent == tmp_path / "a" / "b"
    assert renamed == str(tmp_path / "a" / "b")
    assert files(tmp_path) == {"a/b/c.dcm": b"bytes"}


def test_the_command_delivers_and_says_what_it_could_not(world: World, tmp_path: Path) -> None:
    chosen = settings_room.current()
    environ = {
        **os.environ, "SLIDEGATE_DATA_DIR": str(chosen.data_dir), "SLIDEGATE_POLICIES_DIR": str(chosen.policies_dir),
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "gateway.cli", "release", "deliver", world.release.id, str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "--to", world.reader.email], env=environ, timeout=180, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(files(tmp_path / "out")) == len(world.released()) + 1
    refused = subprocess.run(
        [*command, "--to", "nobody@example.org"], env=environ, timeout=60, check=False, capture_output=True, text=True
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
