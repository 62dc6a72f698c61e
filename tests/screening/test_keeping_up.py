"""Nobody presses a button: what is out of date is looked at again, releases follow, and what failed is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue import screening as looking
from gateway.catalogue import seen
from gateway.catalogue.models import Instance
from gateway.catalogue.retrying import FEW, FIRST_PAUSE, MANY, due
from gateway.catalogue.seen import write
from gateway.clock import now
from gateway.jobs.models import State, WorkItem
from gateway.jobs.queries import is_open
from gateway.pixels.detect.apart import ReaderGone
from gateway.pixels.detect.reader import Reader
from gateway.pixels.encodings import CannotDecode
from gateway.pixels.screen import REDACTED, REVIEW
from gateway.release.jobs import follow
from gateway.release.models import Release
from gateway.screening.commands import ACCEPT, RESCAN
from gateway.screening.jobs import keep_up
from gateway.trail.record import SYSTEM
from tests.release.builders import World, at, events, eyes
from tests.screening.builders import do_the_work, rules, seen_in
from tests.screening.test_deciding import entries, says, the
from tests.screening.test_standing import other_rules


@pytest.fixture(autouse=True)
def one_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of this process looks: starting one takes longer than all it looks at here."""

    @contextmanager
    def here() -> Iterator[Reader]:
        yield eyes()

    monkeypatch.setattr(looking, "reader_apart", here)


def a_round() -> None:
    """What the gateway does by itself, and the work that follows from it."""
    for each in (keep_up, follow, keep_up):
        each(now())
        do_the_work()


def status(world: World, modality: str) -> int:
    return int(world.get(at(entries(world, modality)[0])).status_code)


def asked() -> int:
    with database.reading() as db:
        return len(db.scalars(select(WorkItem).where(WorkItem.kind == RESCAN)).all())


def test_after_a_change_of_the_rules_releases_are_decided_on_anew_and_served_again(world: World) -> None:
    other_rules()
    assert status(world, "US") == 503
    a_round()
    assert [each.state for each in seen_in("US")] == [REDACTED]
    assert status(world, "US") == 200
    assert status(world, "SM") == 404, "the slide that somebody wrote on still waits"
    (told,) = [each.detail for each in events("release.refreshed") if each.detail["pixels_sha256"] == rules().sha256]
    assert told["changed"] == 1, "the clip; the slide is withheld as before"
    with database.reading() as db:
        release = db.scalars(select(Release)).one()
        assert (release.pixels_sha256, release.model_sha256) == seen.looked_with(rules())
        assert (release.released, release.withheld) == (told["released"], told["withheld"])


def test_another_model_stops_what_is_released_until_it_has_looked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    says("priya", the("slide"), ACCEPT)
    do_the_work()
    assert status(world, "SM") == 200
    monkeypatch.setattr(seen, "model_hash", lambda: "f" * 64)
    assert status(world, "SM") == 503
    a_round()
    assert {each.state for each in seen_in("SM")} == {REVIEW}
    assert status(world, "SM") == 404
    assert status(world, "US") == 200


def test_a_release_follows_rules_that_nothing_had_to_be_looked_at_for(world: World) -> None:
    a_round()
    with database.transaction() as db:
        db.scalars(select(Release)).one().pixels_sha256 = "0" * 64
    assert status(world, "US") == 503
    a_round()
    assert status(world, "US") == 404, "decided on, and still waiting"


def test_it_is_asked_for_once(world: World) -> None:
    a_round()
    assert asked() == 0
    other_rules()
    keep_up(now())
    keep_up(now())
    assert asked() == 1
    do_the_work()
    a_round()
    assert asked() == 1
    with database.reading() as db:
        assert not is_open(db, "release.refresh")


def fail(error: type[CannotDecode | ReaderGone], at_: datetime) -> None:
    with database.transaction() as db:
        clip = db.scalars(select(Instance).where(Instance.modality == "US")).one()
        write(db, clip, error(), rules(), by=SYSTEM, now=at_)


def is_due(at_: datetime) -> bool:
    with database.reading() as db:
        return bool(list(due(db, rules(), at_)))


@pytest.mark.parametrize(("error", "most"), [(CannotDecode, FEW), (ReaderGone, MANY)])
def test_what_failed_is_tried_again_after_longer_and_longer_and_then_no_more(
    world: World, error: type[CannotDecode | ReaderGone], most: int
) -> None:
    moment, pauses = now(), []
    for _ in range(most - 1):
        fail(error, moment)
        pause = next(pause for pause in (FIRST_PAUSE * 2**n for n in range(12)) if is_due(moment + pause))
        assert not is_due(moment + pause * 0.49)
        pauses.append(pause)
        moment += pause + timedelta(days=1)
    assert pauses == sorted(pauses)
    assert pauses[0] == FIRST_PAUSE
    fail(error, moment)
    assert not is_due(moment + timedelta(days=400))


def test_a_round_tries_what_is_due_and_nothing_else(world: World) -> None:
    fail(ReaderGone, now())
    a_round()
    assert [each.state for each in seen_in("US")] == ["failed"]
    assert asked() == 0
    keep_up(now() + FIRST_PAUSE)
    with database.transaction() as db:
        (item,) = db.scalars(select(WorkItem).where(WorkItem.state == State.QUEUED))
        assert item.payload["again"] is False
