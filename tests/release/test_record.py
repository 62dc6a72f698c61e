"""No durable record, no bytes: what the trail says of reading, and how reading is stopped."""

from __future__ import annotations

import time
from email.parser import BytesParser

import pytest

from gateway import db as database
from gateway.catalogue.models import Instance
from gateway.clock import now
from gateway.consent.optouts import import_optouts
from gateway.projects.keys import data_master
from gateway.release.jobs import build_release
from gateway.release.streams import ASK_AGAIN, Stopped
from gateway.trail.frames import unpacked
from gateway.trail.leases import close_frame_book
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.release.builders import SITE, World, a_download, at, events

OPENED, FRAMES, CLOSED = "release.read.opened", "release.read.frames", "release.read.closed"


def reads() -> list[Event]:
    return events(OPENED, FRAMES, CLOSED)


def told(event: Event) -> tuple[str, str, str]:
    return event.action, event.detail["how"], event.detail["instance"]


def test_a_release_is_built_once_even_if_its_job_runs_twice(world: World) -> None:
    before = world.entries()
    for _ in range(2):
        build_release({"grant_id": world.release.grant_id})
    assert [each.uid for each in world.entries()] == [each.uid for each in before]
    assert len(events("release.built")) == 1


def test_the_manifest_counts_what_is_released_and_what_is_withheld(world: World) -> None:
    assert [(entry.flavour, entry.released) for entry in world.entries()].count(("VOLUME", True)) == 5
    assert (world.release.released, world.release.withheld) == (5, 4)
    assert all(entry.reason for entry in world.entries() if not entry.released)
    assert not any(entry.reason for entry in world.released())
    detail = events("release.built")[0].detail
    assert (detail["released"], detail["withheld"]) == (5, 4)


def test_a_download_has_a_lease_before_its_first_byte_and_an_end(world: World) -> None:
    entry = world.biggest()
    with a_download(world, at(entry)) as (length, pieces):
        assert [told(event) for event in reads()] == [(OPENED, "instance", entry.uid)]
        body = b"".join(pieces)
    opened, closed = reads()
    assert told(closed) == (CLOSED, "instance", entry.uid)
    assert closed.detail["lease"] == opened.seq
    assert (closed.detail["outcome"], closed.detail["bytes_sent"]) == ("complete", len(body))
    assert len(body) == entry.size == length


def test_the_lease_names_the_reader_the_grant_and_the_token(world: World) -> None:
    assert world.get(at(world.released()[0])).status_code == 200
    (opened,) = events(OPENED)
    assert (opened.actor_id, opened.project) == (world.reader.id, world.release.project_id)
    assert (opened.detail["grant"], opened.detail["release"]) == (world.release.grant_id, world.release.id)
    assert opened.detail["session"]
    assert world.token not in opened.body


def test_a_study_has_a_lease_for_each_instance_and_counts_its_own_bytes(world: World) -> None:
    entry = world.released()[0]
    found = [each for each in world.released() if each.study_uid == entry.study_uid]
    answer = world.get(f"/studies/{entry.study_uid}")
    assert answer.status_code == 200
    expected = [(action, "instance", each.uid) for each in found for action in (OPENED, CLOSED)]
    assert [told(event) for event in reads()] == expected
    assert [event.detail["bytes_sent"] for event in events(CLOSED)] == [each.size for each in found]


@pytest.mark.parametrize("way", ["/frames/1,3,2", "/frames/2/rendered", "/thumbnail", "/metadata"])
def test_every_other_way_has_a_lease_too(world: World, way: str) -> None:
    entry = world.biggest()
    assert world.get(at(entry, way)).status_code == 200
    how = {"/metadata": "metadata", "/frames/1,3,2": "frames"}.get(way, "rendered")
    assert events(OPENED)[0].detail["how"] == how


def test_frames_are_journaled_and_become_events(world: World) -> None:
    entry = world.biggest()
    sent = sum(len(world.get(at(entry, f"/frames/{number}")).data) for number in (1, 7, 8))
    close_frame_book()
    assert len(events(OPENED)) == 1
    frames = set().union(*(unpacked(event.detail) for event in events(FRAMES)))
    assert frames == {0, 6, 7}
    assert events(CLOSED)[0].detail["bytes_sent"] == sent


def test_a_frame_that_is_not_there_opens_no_lease(world: World) -> None:
    entry = world.biggest()
    answer = world.get(at(entry, f"/frames/1,{entry.frame_count + 1}"))
    assert (answer.status_code, answer.json["code"]) == (404, "not-in-release")
    assert reads() == []


def stop(world: World, how: str) -> None:
    if how == "revoked":
        return world.revoke()
    with database.transaction() as db:
        instance = db.get_one(Instance, world.biggest().instance_id)
        assert instance.series is not None
        rows = [(SITE, instance.series.study.patient_id)]
        import_optouts(db, by=SYSTEM, master=data_master(db), rows=rows, sites=[SITE], now=now())
    return None


@pytest.mark.parametrize("how", ["revoked", "opted out"])
def test_a_change_in_mid_stream_stops_it_within_a_second_and_the_record_says_so(world: World, how: str) -> None:
    entry = world.biggest()
    got = 0
    with a_download(world, at(entry)) as (length, pieces):
        got += len(next(pieces))
        stop(world, how)
        time.sleep(ASK_AGAIN + 0.05)
        with pytest.raises(Stopped):
            next(pieces)
    assert got < length
    closed = events(CLOSED)[0].detail
    assert (closed["outcome"], closed["bytes_sent"]) == ("stopped", got)
    assert ASK_AGAIN < 1


def test_a_reader_who_goes_away_ends_the_lease_at_what_was_sent(world: World) -> None:
    with a_download(world, at(world.biggest())) as (_length, pieces):
        got = len(next(pieces))
    closed = events(CLOSED)[0].detail
    assert (closed["outcome"], closed["bytes_sent"]) == ("aborted", got)


def test_a_reader_who_goes_away_before_the_first_byte_ends_the_lease_too(world: World) -> None:
    with a_download(world, at(world.biggest())):
        pass
    closed = events(CLOSED)[0].detail
    assert (closed["outcome"], closed["bytes_sent"]) == ("aborted", 0)


def test_the_sizes_of_parts_add_up(world: World) -> None:
    entry = world.released()[0]
    answer = world.get(f"/studies/{entry.study_uid}/series/{entry.series_uid}")
    head = f"Content-Type: {answer.content_type}\r\n\r\n".encode()
    parts = BytesParser().parsebytes(head + answer.data).get_payload()
    assert len(parts) == sum(each.study_uid == entry.study_uid for each in world.released())
    assert int(answer.headers["Content-Length"]) == len(answer.data)
