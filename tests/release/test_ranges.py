"""Downloads that can be interrupted and gone on with (RFC 9110 13, 14)."""

from __future__ import annotations

import os

import pytest

from tests.people.visitors import bearer
from tests.release.builders import World, a_download, a_release, at, events


def open_files() -> int:
    return sum(path.endswith(".dcm") for path in map(_target, os.listdir("/proc/self/fd")))


def _target(handle: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""


def test_any_range_is_that_part_of_the_whole(world: World) -> None:
    path = at(world.biggest())
    whole = world.get(path).data
    size = len(whole)
    for asked, start, stop in [
        ("bytes=0-0", 0, 1), ("bytes=0-131", 0, 132), ("bytes=5000-90000", 5000, 90001), ("bytes=-7", size - 7, size),
        (f"bytes={size - 1}-", size - 1, size), (f"bytes=10-{size * 2}", 10, size), (f"bytes=-{size * 2}", 0, size),
    ]:  # fmt: skip
        part = world.get(path, Range=asked)
        assert part.status_code == 206, asked
        assert part.data == whole[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part.headers["Content-Length"] == str(stop - start)


def test_a_download_that_was_interrupted_goes_on_to_the_same_file(world: World) -> None:
    path = at(world.biggest())
    first = world.get(path, Range="bytes=0-99999")
    rest = world.get(path, Range="bytes=100000-", If_Range=first.headers["ETag"])
    assert rest.status_code == 206
    assert first.data + rest.data == world.get(path).data


@pytest.mark.parametrize("validator", ['"another"', 'W/"weak"', "Mon, 02 Mar 2026 09:00:00 GMT", "", "\t"])
def test_a_validator_that_does_not_match_gives_the_whole(world: World, validator: str) -> None:
    answer = world.get(at(world.released()[1]), Range="bytes=0-9", If_Range=validator)
    assert answer.status_code == 200
    assert len(answer.data) == world.released()[1].size


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=999999999-9999999999", "bytes=-0"])
def test_a_range_outside_is_not_satisfiable_and_opens_no_lease(world: World, asked: str) -> None:
    entry = world.released()[0]
    answer = world.get(at(entry), Range=asked)
    assert (answer.status_code, answer.json["code"]) == (416, "range-not-satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{entry.size}"
    assert events("release.read.opened") == []
    assert open_files() == 0


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-9", "frames=0-1", "bytes=", "bytes=a-b", "bytes=9-2", "bytes=--5", "bytes=1-2-3", "0-1", "="]
)
def test_ranges_that_are_not_understood_give_the_whole_or_none(world: World, asked: str) -> None:
    entry = world.released()[1]
    answer = world.get(at(entry), Range=asked)
    assert answer.status_code in (200, 416)
    if answer.status_code == 200:
        assert len(answer.data) == entry.size


def test_head_tells_the_size_and_gives_nothing(world: World) -> None:
    path, whole = world.root + at(world.biggest()), world.get(at(world.biggest()))
    seen = len(events("release.read.opened"))
    for more in ({}, {"Range": "bytes=5-9"}):
        head = world.browser.head(path, headers=bearer(world.token) | more)
        assert (head.status_code, head.data) == (200, b"")
        for name in ("Content-Length", "ETag", "Content-Type", "Accept-Ranges"):
            assert head.headers[name] == whole.headers[name]
    assert len(events("release.read.opened")) == seen
    assert open_files() == 0


def test_the_etag_is_the_releases_own(world: World) -> None:
    before = {each.instance_id: world.get(at(each)).headers["ETag"] for each in world.released()}
    world.release = a_release(world.reader)
    world.token = world.token_for(world.reader)
    after = {each.instance_id: world.get(at(each)).headers["ETag"] for each in world.released()}
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())


def test_no_file_stays_open_after_a_study_or_an_aborted_download(world: World) -> None:
    entry = world.biggest()
    world.get(f"/studies/{entry.study_uid}")
    assert open_files() == 0
    with a_download(world, at(entry)) as (_length, pieces):
        next(pieces)
        assert open_files() == 1
    assert open_files() == 0


def test_nothing_may_be_kept_by_caches(world: World) -> None:
    entry = world.released()[0]
    for path in ("/studies", at(entry), at(entry, "/metadata"), at(entry, "/frames/1"), at(entry, "/rendered")):
        assert world.get(path).headers["Cache-Control"] == "private, no-store"


def test_what_the_reader_has_already_is_not_sent_again(world: World) -> None:
    path = at(world.released()[1])
    etag = world.get(path).headers["ETag"]
    seen = len(events("release.read.opened"))
    for asked in (etag, f'"other", {etag}', "*"):
        answer = world.get(path, If_None_Match=asked)
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    answer = world.get(path, If_Match='"other"', Range="bytes=5-")
    assert (answer.status_code, answer.json["code"]) == (412, "not-the-same")
    assert len(events("release.read.opened")) == seen
    assert open_files() == 0
    assert world.get(path, If_None_Match='"other"').status_code == 200
    assert world.get(path, If_Match=etag, Range="bytes=5-9").status_code == 206


def test_a_revoked_reader_is_not_even_told_that_nothing_changed(world: World) -> None:
    path = at(world.released()[1])
    etag = world.get(path).headers["ETag"]
    world.revoke()
    assert world.get(path, If_None_Match=etag).status_code == 403
