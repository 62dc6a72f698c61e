"""Where the record cannot be kept no image leaves, and all else goes on."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from gateway.release.streams import Stopped
from gateway.settings import current
from gateway.trail import fitness
from tests.people.visitors import an_account, signed_in
from tests.release.builders import World, a_download, at, events

Usage = namedtuple("Usage", "total used free")
KINDS = ("", "/metadata", "/frames/1", "/rendered", "/thumbnail")


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with less room than is kept in reserve."""
    free = current().disk_reserve_bytes - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(free, 0, free))
    fitness.forget()


@pytest.mark.usefixtures("full")
def test_no_image_leaves_and_the_answer_says_why(world: World) -> None:
    for rest in KINDS:
        answer = world.get(at(world.released()[0], rest))
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json"), rest
        assert "disk" in answer.text
    assert events("release.read.opened") == []
    ready = world.browser.get("/readyz")
    assert ready.status_code == 503
    assert ready.json["checks"]["images"] == "the disk of the record is nearly full"


@pytest.mark.usefixtures("full")
def test_signing_in_reviewing_and_reading_the_record_go_on(world: World) -> None:
    an_account("alex", "auditor", "data-steward")
    visitor = signed_in(world.app, "alex")
    for page in ("/", "/audit", "/screening", "/register", "/healthz"):
        assert visitor.get(page).status_code == 200, page


def test_a_frame_that_went_through_the_turnstile_does_not_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = at(world.biggest(), "/frames/1")
    assert [world.get(frame).status_code for _ in range(3)] == [200, 200, 200]
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1, 1, 0))
    fitness.forget()
    assert world.get(frame).status_code == 503


def test_a_stream_under_way_stops_short(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.release.streams.ASK_AGAIN", -1.0)
    monkeypatch.setattr("gateway.release.streams.CHUNK", 4096)
    with a_download(world, at(world.biggest())) as (length, body):
        sent = len(next(body))
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1, 1, 0))
        fitness.forget()
        with pytest.raises(Stopped):
            sent += sum(map(len, body))
    assert sent < length
    assert [each.detail["outcome"] for each in events("release.read.closed")] == ["stopped"]
