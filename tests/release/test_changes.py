"""The count of changes is asked for over connections of its own: it is never old, and a lost one is made anew."""

from __future__ import annotations

import threading

from sqlalchemy import create_engine, update

from gateway.db import engine, transaction
from gateway.projects.models import Grant
from gateway.release import changes
from tests.release.builders import World


def a_change() -> None:
    with transaction() as db:
        db.execute(update(Grant).values(epoch=Grant.epoch))


def test_every_change_is_seen_at_once_and_by_every_thread(world: World) -> None:
    first = changes.number()
    assert first is not None
    seen: list[int | None] = []
    for step in range(1, 4):
        a_change()
        asking = [threading.Thread(target=lambda: seen.append(changes.number())) for _ in range(5)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert set(seen[-5:]) == {first + step}


def test_a_lost_connection_is_no_number_and_then_a_new_one(world: World) -> None:
    known = changes.number()
    for _, connection in changes._idle:
        connection.close()
    assert changes.number() is None
    assert changes.number() == known


def test_a_connection_to_another_database_is_not_asked(world: World) -> None:
    changes.number()
    kept = next(connection for whose, connection in changes._idle if whose is engine())
    changes._idle.clear()
    changes._idle.append((create_engine("sqlite://"), kept))
    assert changes.number() is not None
    assert [whose for whose, _ in changes._idle] == [engine()]
