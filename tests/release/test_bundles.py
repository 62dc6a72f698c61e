"""Many instances in one answer: the same bytes as one by one, a lease for each, and a cut that shows."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from gateway import db as database
from gateway.archive.connect import ArchiveError
from gateway.catalogue.models import Instance
from gateway.release.models import ManifestEntry
from gateway.release.queries import Member
from gateway.release.streams import ASK_AGAIN, Stopped
from gateway.release.tar import USTAR_LIMIT, Tar, path_of
from tests.people.visitors import bearer
from tests.release.builders import World, a_download, at, events
from tests.release.test_admission import opt_out

OPENED, CLOSED = "release.read.opened", "release.read.closed"


def unpacked(body: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=BytesIO(body)) as tar:
        return {each.name.partition("/")[2]: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def in_order(world: World) -> list[ManifestEntry]:
    return sorted(world.released(), key=lambda each: (each.study_uid, each.series_uid, each.position))


def test_a_tar_holds_each_instance_as_it_is_downloaded_and_its_digest(world: World, tmp_path: Path) -> None:
    answer = world.get("/download.tar")
    assert (answer.status_code, answer.mimetype) == (200, "application/x-tar")
    assert f'filename="release-{world.release.id}.tar"' in answer.headers["Content-Disposition"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    files = unpacked(answer.data)
    sums = files.pop("SHA256SUMS").decode().splitlines()
    assert files.keys() == {f"{each.study_uid}/{each.series_uid}/{each.uid}.dcm" for each in world.released()}
    for entry in world.released():
        assert files[f"{entry.study_uid}/{entry.series_uid}/{entry.uid}.dcm"] == world.get(at(entry)).data
    assert sums == [f"{hashlib.sha256(body).hexdigest()}  {path}" for path, body in files.items()]
    with tarfile.open(fileobj=BytesIO(answer.data)) as tar:
        tar.extractall(tmp_path, filter="data")
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / world.release.id, capture_output=True,
        check=False, text=True,
    )  # fmt: skip
    assert checked.returncode == 0
    assert checked.stdout.count(": OK") == len(files)


def test_a_zip_holds_the_same(world: World, tmp_path: Path) -> None:
    answer = world.get("/download.zip")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert f'filename="release-{world.release.id}.zip"' in answer.headers["Content-Disposition"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    with zipfile.ZipFile(BytesIO(answer.data)) as read:
        assert read.testzip() is None
        files = {name.partition("/")[2]: read.read(name) for name in read.namelist()}
        read.extractall(tmp_path)
    assert files == unpacked(world.get("/download.tar").data)
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path / world.release.id, check=False
    )
    assert checked.returncode == 0
    entry = world.biggest()
    series = world.get(f"/studies/{entry.study_uid}/series/{entry.series_uid}/download.zip")
    with zipfile.ZipFile(BytesIO(series.data)) as read:
        assert f"{world.release.id}/{path_of(entry)}" in read.namelist()


def test_a_study_and_a_series_have_their_own(world: World) -> None:
    entry = world.biggest()
    mine = [each.uid for each in world.released() if each.series_uid == entry.series_uid]
    for path in (f"/studies/{entry.study_uid}", f"/studies/{entry.study_uid}/series/{entry.series_uid}"):
        answer = world.get(f"{path}/download.tar")
        assert [Path(name).stem for name in unpacked(answer.data) if name.endswith(".dcm")] == mine
    assert world.get("/studies/1.2.3/download.tar").status_code == 404


@pytest.mark.parametrize("path", ["/download.tar", "/download.zip", "/studies/{study}"])
def test_each_instance_has_a_lease_of_its_own_when_its_turn_comes(world: World, path: str) -> None:
    entry = world.biggest()
    path = path.format(study=entry.study_uid)
    found = [each for each in in_order(world) if "download" in path or each.study_uid == entry.study_uid]
    with a_download(world, path) as (length, pieces):
        assert [event.detail["instance"] for event in events(OPENED)] == [found[0].uid]
        assert sum(map(len, pieces)) == length
    assert [event.detail["instance"] for event in events(OPENED)] == [each.uid for each in found]
    closed = [(event.detail["outcome"], event.detail["bytes_sent"]) for event in events(CLOSED)]
    assert closed == [("complete", each.size) for each in found]


def until(pieces: Iterator[bytes], count: int) -> None:
    """Read until so many instances have been opened."""
    while len(events(OPENED)) < count:
        next(pieces)


def test_a_cut_ends_the_open_read_as_aborted_and_opens_no_other(world: World) -> None:
    with a_download(world, "/download.tar") as (_length, pieces):
        until(pieces, 2)
        next(pieces)
    assert [event.detail["outcome"] for event in events(CLOSED)] == ["complete", "aborted"]
    assert len(events(OPENED)) == 2


def test_a_reader_who_goes_away_before_the_first_byte_leaves_an_aborted_read(world: World) -> None:
    with a_download(world, "/download.tar"):
        pass
    (closed,) = events(CLOSED)
    assert (closed.detail["outcome"], closed.detail["bytes_sent"]) == ("aborted", 0)


def test_a_revoked_grant_stops_it_within_a_second(world: World) -> None:
    with a_download(world, "/download.tar") as (_length, pieces):
        next(pieces)
        world.revoke()
        time.sleep(ASK_AGAIN + 0.05)
        with pytest.raises(Stopped):
            sum(map(len, pieces))
    assert [event.detail["outcome"] for event in events(CLOSED)] == ["stopped"]


def test_many_small_instances_are_watched_as_one_long_read(world: World) -> None:
    with a_download(world, "/download.tar") as (_length, pieces):
        until(pieces, 2)
        world.revoke()
        time.sleep(ASK_AGAIN + 0.05)
        with pytest.raises(Stopped):
            until(pieces, 3)


def test_who_has_opted_out_is_not_in_it(world: World) -> None:
    study = opt_out(world)
    answer = world.get("/download.tar")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    files = unpacked(answer.data)
    assert len(files) > 1
    assert study not in str(files)
    assert world.get(f"/studies/{study}/download.tar").status_code == 404


def test_head_tells_the_length_and_opens_nothing(world: World) -> None:
    whole = world.get("/download.tar")
    seen = len(events(OPENED))
    head = world.browser.head(world.root + "/download.tar", headers=bearer(world.token))
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert len(events(OPENED)) == seen


def change(world: World, number: int) -> None:
    """The archive's header of one instance is not what it was."""
    with database.transaction() as db:
        db.get_one(Instance, in_order(world)[number].instance_id).version = "another"


def test_what_keeps_the_first_from_leaving_is_answered(world: World) -> None:
    change(world, 0)
    answer = world.get("/download.tar")
    assert (answer.mimetype, answer.json["code"]) == ("application/problem+json", ArchiveError.code)
    assert events(OPENED) == []
    assert [each.detail["instance"] for each in events("release.refused")] == [in_order(world)[0].uid]


def test_what_keeps_a_later_one_from_leaving_cuts_the_answer_short(world: World) -> None:
    change(world, 1)
    got: list[int] = []
    with a_download(world, "/download.tar") as (length, pieces), pytest.raises(ArchiveError):
        got.extend(map(len, pieces))
    assert 0 < sum(got) < length
    assert [event.detail["outcome"] for event in events(CLOSED)] == ["complete"]
    (refused,) = events("release.refused")
    assert (refused.detail["instance"], refused.detail["code"]) == (in_order(world)[1].uid, ArchiveError.code)


def test_headers_of_more_than_a_plain_one_can_tell_are_counted(world: World) -> None:
    entry = world.released()[0]
    entry.size = USTAR_LIMIT + 5
    tar = Tar(world.release)
    head = tar.head(entry)
    sums = tar.tail(entry)
    member = Member(entry.study_uid, entry.series_uid, entry.uid, entry.size, entry.transfer_syntax)
    length = tar.length(iter([member]))
    assert length == len(head) + entry.size + len(sums) + sum(map(len, tar.end()))
    with tarfile.open(fileobj=BytesIO(head)) as read:
        first = read.firstmember
    assert first is not None
    assert (first.name, first.size) == (f"{world.release.id}/{path_of(entry)}", entry.size)


def test_the_page_offers_it(world: World) -> None:
    token = world.token_for(world.reader, "account")
    page = world.get(f"/releases/{world.release.id}", token=token).text
    assert f"/releases/{world.release.id}/dicomweb/download.zip" in page
    world.revoke()
    assert "download.zip" not in world.get(f"/releases/{world.release.id}", token=token).text
