"""A look at the log while nothing can be recorded is on the disk before it is taken, and on the record afterwards."""

from __future__ import annotations

import fcntl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import settings
from gateway.audit import spool
from gateway.audit.commands import Look, searching
from gateway.audit.search import Search
from gateway.audit.spool import LookNotKept
from gateway.db import reading
from gateway.projects.keys_file import NoKeyFile, make_key
from gateway.trail.models import Event, Opening
from tests.audit.conftest import ADA, NOW


@pytest.fixture(autouse=True)
def spare(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = data_dir / "spare"
    folder.mkdir()
    settings.use(replace(settings.current(), spare_dir=folder))
    monkeypatch.setattr(spool, "LONGEST_WAIT", 0.05)
    return folder


@contextmanager
def busy(data_dir: Path) -> Iterator[None]:
    with (data_dir / "slidegate.db.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def a_look(what: str = "events", person: str = "") -> Look:
    return searching(by=ADA, search=Search(person=person), what=what, now=NOW)


def recorded() -> list[Event]:
    with reading() as db:
        return list(db.scalars(select(Event).where(Event.action == "audit.searched").order_by(Event.seq)))


def test_a_look_is_recorded_at_once_where_that_can_be(story: Path) -> None:
    spool.noted(a_look())
    assert [each.detail["what"] for each in recorded()] == ["events"]
    assert list(story.rglob("*.spool")) == []


def test_looks_that_had_to_wait_are_recorded_once_with_their_time_and_who_took_them(story: Path) -> None:
    with busy(story):
        spool.noted(a_look("reads", person="Ada"))
        spool.noted(a_look("chain"))
    assert recorded() == []
    later = NOW + timedelta(hours=1)
    assert [spool.fold_in(now=later), spool.fold_in(now=later)] == [2, 0]
    first, second = recorded()
    assert (first.detail["what"], second.detail["what"]) == ("reads", "chain")
    assert (first.actor_id, first.at, first.detail["looked_at"]) == ("ada", later, NOW.isoformat())
    with reading() as db:
        opened = {each.field: each.value for each in db.scalars(select(Opening).where(Opening.seq == first.seq))}
    assert (opened["personal.searched_person"], opened["actor.name"]) == ("Ada", "Ada Lovelace")
    assert not any(path.read_bytes().strip(b"\0") for path in story.rglob("*.spool"))


def test_nobody_who_was_asked_for_or_who_asked_lies_in_a_file_in_clear(story: Path, spare: Path) -> None:
    asked = Search(person="Grace Hopper", patient="NGH-0042", study="1.2.840.99.7")
    with busy(story):
        spool.noted(searching(by=ADA, search=asked, what="who saw", now=NOW))
        (story / "looks.spool").rename(story / "kept")
        (story / "looks.spool").mkdir()
        spool.noted(searching(by=ADA, search=asked, what="who saw", now=NOW))
    kept = [(story / "kept").read_bytes(), *(path.read_bytes() for path in spare.iterdir())]
    assert [each.count(b"\n") for each in kept] == [1, 1]
    everywhere = [path.read_bytes() for path in story.rglob("*") if path.is_file()]
    assert not any(secret.encode() in each for secret in asked.personal.values() for each in everywhere)
    assert not any(secret.encode() in each for secret in (ADA.name, ADA.email, "who saw") for each in kept)


def test_looks_wait_for_their_key_and_are_counted_if_it_is_another(story: Path) -> None:
    with busy(story):
        spool.noted(a_look("reads"))
    key = story / "looks.key"
    key.rename(story / "aside")
    with pytest.raises(NoKeyFile):
        spool.fold_in(now=NOW)
    spool.noted(a_look("events"))  # goes on the record without them
    make_key(key)
    assert spool.fold_in(now=NOW) == 0
    assert [each.detail["what"] for each in recorded()] == ["events"]
    with reading() as db:
        (lost,) = db.scalars(select(Event).where(Event.action == "audit.looks.lost"))
        assert lost.detail == {"looks": 1}


def test_without_a_key_nobody_looks(story: Path) -> None:
    (story / "looks.key").mkdir()
    with busy(story), pytest.raises(LookNotKept):
        spool.noted(a_look())


def test_the_next_look_brings_the_others_with_it(story: Path) -> None:
    with busy(story):
        spool.noted(a_look("reads"))
    spool.noted(a_look("events"))
    assert sorted(each.detail["what"] for each in recorded()) == ["events", "reads"]


def test_the_space_is_there_before_it_is_needed_and_for_our_eyes_only(story: Path) -> None:
    spool.make_room()
    found = (story / "looks.spool").stat()
    assert found.st_blocks * 512 >= spool.SIZE
    assert stat.S_IMODE(found.st_mode) == 0o600


def test_a_look_that_waits_needs_no_more_room_than_was_taken(story: Path) -> None:
    spool.make_room()
    folder, found = story.stat().st_mtime_ns, (story / "looks.spool").stat().st_blocks
    with busy(story):
        spool.noted(a_look())
    assert (story.stat().st_mtime_ns, (story / "looks.spool").stat().st_blocks) == (folder, found)


def test_where_the_data_directory_takes_nothing_the_spare_one_does(story: Path, spare: Path) -> None:
    (story / "looks.spool").mkdir()  # cannot be opened as a file, whoever asks
    with busy(story):
        spool.noted(a_look())
    (kept,) = spare.iterdir()
    assert kept.read_bytes().strip(b"\0")
    assert spool.fold_in(now=NOW) == 1


def test_without_any_place_nobody_looks(story: Path, spare: Path) -> None:
    (story / "looks.spool").mkdir()
    spare.rmdir()
    with busy(story), pytest.raises(LookNotKept) as told:
        spool.noted(a_look())
    assert told.value.status == 503


def test_a_full_spool_takes_no_look(story: Path, spare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SIZE", 450)
    spare.rmdir()
    with busy(story):
        spool.noted(a_look())
        with pytest.raises(LookNotKept):
            spool.noted(a_look())
    assert spool.fold_in(now=NOW) == 1


def test_a_look_that_was_cut_off_while_it_was_noted_was_never_taken(story: Path) -> None:
    with busy(story):
        spool.noted(a_look("events"))
        with (story / "looks.spool").open("r+b") as handle:
            handle.seek(handle.read().index(b"\0"))
            handle.write(b"0123456789abcdef AAAA")
        spool.noted(a_look("reads"))
    assert spool.fold_in(now=NOW) == 2
    assert [each.detail["what"] for each in recorded()] == ["events", "reads"]


def test_a_link_in_the_place_of_the_spool_is_not_followed(story: Path, spare: Path) -> None:
    (story / "other").write_bytes(b"")
    (story / "looks.spool").symlink_to(story / "other")
    with busy(story):
        spool.noted(a_look())
    assert (story / "other").read_bytes() == b""
    assert len(list(spare.iterdir())) == 1
