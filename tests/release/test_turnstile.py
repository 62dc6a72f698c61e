"""Who was let in goes through again, quickly, until anything changes that decides on it; all is on the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update

from gateway import db as database
from gateway.catalogue.models import Archive, Instance
from gateway.clock import now
from gateway.consent import optouts
from gateway.people.models import Account, Token
from gateway.projects import grants
from gateway.projects.keys import data_master
from gateway.projects.models import Grant, Membership
from gateway.release import changes, turnstile
from gateway.release.models import AccessChange, ManifestEntry, Release
from gateway.trail.frames import unpacked
from gateway.trail.leases import close_frame_book
from gateway.trail.record import SYSTEM
from tests.release.builders import World, at, events


class Door:
    """Counts who comes to the door behind the turnstile."""

    def __init__(self, world: World) -> None:
        self.stile = world.app.wsgi_app
        assert isinstance(self.stile, turnstile.Turnstile)
        self.inner, self.opened = self.stile._door, 0
        self.stile._door = self

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        self.opened += 1
        return self.inner(environ, start_response)


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    turnstile.forget_everybody()
    yield Door(world)
    turnstile.forget_everybody()


def frame(world: World, number: int = 1, **headers: str) -> int:
    """The status of a frame of the biggest slide."""
    return int(world.get(at(world.biggest(), f"/frames/{number}"), **headers).status_code)


def test_the_next_frame_goes_through_without_the_door_and_is_the_same(world: World, door: Door) -> None:
    path = at(world.biggest(), "/frames/2")
    asked, again = world.get(path), world.get(path)
    assert door.opened == 1
    assert again.data == asked.data
    ours, theirs = ({k: v for k, v in each.headers.items() if k != "X-Request-ID"} for each in (asked, again))
    assert theirs == ours
    assert again.headers["X-Request-ID"]


def test_every_frame_is_on_the_record_whichever_way_it_went(world: World, door: Door) -> None:
    sizes = [len(world.get(at(world.biggest(), f"/frames/{number}")).data) for number in (1, 2, 3)]
    assert door.opened == 1
    close_frame_book()
    entered = set[int]().union(*(unpacked(each.detail) for each in events("release.read.frames")))
    assert entered == {0, 1, 2}
    (closed,) = events("release.read.closed")
    assert closed.detail["bytes_sent"] == sum(sizes)


def _revoked(world: World, db) -> None:  # type: ignore[no-untyped-def]
    grants.revoke(db, by=SYSTEM, grant=db.get_one(Grant, world.release.grant_id), reason="a test", now=now())


def _opted_out(world: World, db) -> None:  # type: ignore[no-untyped-def]
    instance = db.get_one(Instance, world.biggest().instance_id)
    site, patient = db.get_one(Archive, instance.archive_id).site.code, instance.series.study.patient_id
    rows = [(site, patient)]
    optouts.import_optouts(db, by=SYSTEM, rows=rows, master=data_master(db), sites={site}, now=now())


CHANGES: dict[str, Callable[..., object]] = {
    "grant revoked": _revoked,
    "grant ended": lambda _world, db: db.execute(update(Grant).values(ends_at=now())),
    "patient opted out": _opted_out,
    "token revoked": lambda _world, db: db.execute(update(Token).values(revoked_at=now())),
    "token ended": lambda _world, db: db.execute(update(Token).values(expires_at=now())),
    "token for something else": lambda _world, db: db.execute(update(Token).values(scope="release:x")),
    "account closed": lambda _world, db: db.execute(update(Account).values(closed_at=now())),
    "no member any more": lambda _world, db: db.execute(delete(Membership)),
    "image withheld": lambda _world, db: db.execute(update(ManifestEntry).values(released=False)),
    "policy of the release": lambda _world, db: db.execute(update(Release).values(deid_sha256="0" * 64)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_decides_on_access_stops_the_next_frame(world: World, door: Door, what: str) -> None:
    path = at(world.biggest(), "/frames/1")
    assert [world.get(path).status_code for _ in range(2)] == [200, 200]
    assert door.opened == 1
    with database.transaction() as db:
        CHANGES[what](world, db)
    assert world.get(path).status_code in (401, 403, 404, 410, 503)
    assert door.opened == 2


def test_after_a_second_the_door_is_asked_again(world: World, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert frame(world) == frame(world) == 200
    later = turnstile.time.monotonic() + turnstile.LASTS
    monkeypatch.setattr(turnstile.time, "monotonic", lambda: later)
    assert frame(world) == 200
    assert door.opened == 2


def test_the_end_of_a_grant_needs_no_change(world: World, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert frame(world) == frame(world) == 200
    later = now() + timedelta(days=400)
    monkeypatch.setattr("gateway.clock.now", lambda: later)
    assert turnstile._frame(*_asked(world), changes.number()) is None


def _asked(world: World) -> tuple[turnstile.Key, int]:
    (key,) = turnstile._admitted
    return key, 0


def test_another_token_comes_to_the_door(world: World, door: Door) -> None:
    assert frame(world) == 200
    assert world.get(at(world.biggest(), "/frames/1"), token=world.token_for(world.reader)).status_code == 200
    assert world.get(at(world.biggest(), "/frames/1"), token="sg_" + "0" * 43).status_code == 401
    assert door.opened == 3


@pytest.mark.parametrize("header", ["Origin", "Range", "If_None_Match"])
def test_what_is_out_of_the_ordinary_comes_to_the_door(world: World, door: Door, header: str) -> None:
    assert frame(world) == 200
    frame(world, **{header: "x"})
    world.get(at(world.biggest(), "/frames/1?accept=image/png"))
    assert door.opened == 3


def test_a_frame_that_is_not_there_is_refused_by_the_door(world: World, door: Door) -> None:
    assert frame(world) == 200
    assert frame(world, 9999) == 404
    assert door.opened == 2


def test_without_the_count_of_changes_everybody_comes_to_the_door(world: World, door: Door) -> None:
    with database.transaction() as db:
        db.execute(delete(AccessChange))
    assert frame(world) == frame(world) == 200
    assert door.opened == 2


def test_every_table_that_decides_on_access_is_watched(world: World) -> None:
    with database.reading() as db:
        of_sqlite = db.get_bind().dialect.name == "sqlite"
        table = "sqlite_master WHERE type = 'trigger' AND name" if of_sqlite else "pg_trigger WHERE tgname"
        asked = f"SELECT {'name' if of_sqlite else 'tgname'} FROM {table} LIKE '%_counts'"
        found = set(db.scalars(text(asked)))
    assert len(found) == sum(map(len, changes.WATCHED.values()))
