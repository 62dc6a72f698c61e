"""Where the record cannot be kept no image leaves, and all else goes on."""

from __future__ import annotations

import fcntl
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from gateway import clock
from gateway.audit import spool
from gateway.db import engine, transaction
from gateway.people import session
from gateway.release import turnstile
from gateway.release.streams import Stopped
from gateway.settings import current
from gateway.trail import fitness, leases, sequencer, signing
from gateway.trail.record import SYSTEM, record
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


@contextmanager
def intake_fails() -> Iterator[None]:
    """Every connection may only read."""
    only_read: Callable[..., object] = lambda connection, _record: connection.execute("PRAGMA query_only = ON")  # noqa: E731
    event.listen(engine(), "connect", only_read)
    engine().dispose()
    yield
    event.remove(engine(), "connect", only_read)
    engine().dispose()


@contextmanager
def intake_hangs() -> Iterator[None]:
    """Another process has the writers' turn, and keeps it."""
    with (current().data_dir / "slidegate.db.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def disk_nearly_full() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _path: Usage(1, 1, 0))
        yield


@contextmanager
def sequencer_sleeps() -> Iterator[None]:
    """It has been elected for two minutes, and signs nothing."""
    sequencer.sequence(now=clock.now())
    with sequencer._elected(fcntl.LOCK_EX):
        with transaction() as db:
            record(db, action="x.done", actor=SYSTEM, now=clock.now() - timedelta(minutes=2))
        yield
    sequencer.sequence(now=clock.now())


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    aside = path.with_name("aside")
    path.rename(aside)
    yield
    aside.rename(path)


def no_signing_key() -> AbstractContextManager[None]:
    sequencer.sequence(now=clock.now())
    return moved_away(signing.key_file())


def no_master_key() -> AbstractContextManager[None]:
    return moved_away(current().master_key_file)


@contextmanager
def frames_wait() -> Iterator[None]:
    """Frames that were sent are not written for long."""
    book = leases.frame_book()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(book, "fault", lambda: "frames that were sent wait too long")
        yield


@contextmanager
def policy_changes() -> Iterator[None]:
    path = next((current().policies_dir / "pixels").glob("*.toml"))
    before = path.read_text("utf-8")
    path.write_text(before + "\n# changed\n", "utf-8")
    turnstile.forget_everybody()  # as if the second were over for which somebody goes through again
    yield
    path.write_text(before, "utf-8")


@contextmanager
def clock_is_set_back() -> Iterator[None]:
    """What was written last lies in the future."""
    with pytest.MonkeyPatch.context() as patched:
        before = clock.now
        with transaction() as db:
            record(db, action="x.done", actor=SYSTEM, now=before())
        patched.setattr(fitness, "SKEW", timedelta(minutes=-10))
        yield


Condition = Callable[[], AbstractContextManager[None]]
CONDITIONS: dict[Condition, tuple[str, str, bool]] = {  # what is told, under which check, whether one can still sign in
    intake_fails: ("full or read-only", "images", False),
    intake_hangs: ("two seconds", "images", False),
    disk_nearly_full: ("the disk of the record is nearly full", "images", True),
    sequencer_sleeps: ("sequencer", "images", True),
    no_signing_key: ("key that signs the audit log", "images", True),
    no_master_key: ("master key", "images", True),
    frames_wait: ("frames that were sent", "images", True),
    policy_changes: ("policy", "releases", True),
    clock_is_set_back: ("clock", "images", True),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for longer than a moment, and everything is asked again at once."""
    for module, name in ((spool, "LONGEST_WAIT"), (session, "LONGEST_NOTE"), (fitness, "SLOWEST")):
        monkeypatch.setattr(module, name, 0.1)
    monkeypatch.setattr(fitness, "PROVED_FOR", timedelta(0))
    monkeypatch.setattr("gateway.release.streams.ASK_AGAIN", -1.0)
    monkeypatch.setattr("gateway.release.streams.CHUNK", 4096)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda each: each.__name__)
def test_whatever_keeps_the_record_from_being_kept_stops_images_and_nothing_else(
    world: World, condition: Condition
) -> None:
    reason, check, writable = CONDITIONS[condition]
    an_account("alex", "auditor", "data-steward")
    visitor = signed_in(world.app, "alex")
    frame = at(world.biggest(), "/frames/1")
    assert [world.get(frame).status_code for _ in range(3)] == [200, 200, 200]
    with a_download(world, at(world.biggest())) as (length, body):
        sent = len(next(body))
        with condition():
            fitness.forget()
            with pytest.raises(Stopped):
                sent += sum(map(len, body))
            refused_for(world, reason)
            told = world.browser.get("/readyz")
            assert reason.split()[0] in told.json["warnings" if check == "releases" else "checks"][check]
            assert told.status_code == (200 if check == "releases" else 503)
            for page in ("/", "/audit", "/audit/reads", "/screening", "/register", "/healthz"):
                assert visitor.get(page).status_code == 200, page
            assert world.browser.get("/sign-in").status_code == 200
            if writable:
                assert signed_in(world.app, "alex").get("/audit").status_code == 200
    assert sent < length
    fitness.forget()
    assert world.get(frame).status_code == 200
    visitor.get("/audit")  # records what could not be recorded meanwhile
    looks = [each.detail["what"] for each in events("audit.searched")]
    assert looks.count("reads") == 1


def refused_for(world: World, reason: str) -> None:
    """No kind of image leaves, and each answer says why."""
    before = len(events("release.read.opened"))
    for rest in KINDS:
        answer = world.get(at(world.released()[0], rest))
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json"), (rest, answer.text)
        assert reason.split()[0] in answer.text
    assert len(events("release.read.opened")) == before
