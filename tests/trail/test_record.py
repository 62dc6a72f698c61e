"""Events: in the caller's transaction, without gap, chained, and never changed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from gateway.db import reading, transaction
from gateway.trail.canonical import NotCanonical, canonical
from gateway.trail.chain import GENESIS, commitment, event_hash, leaf_hash
from gateway.trail.models import Event, Opening
from gateway.trail.record import SYSTEM, Actor, record

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ADA = Actor("account", "ada", "Ada Lovelace", "ada@example.org")


def events() -> list[Event]:
    with reading() as db:
        found = list(db.scalars(select(Event).order_by(Event.seq)))
        db.expunge_all()
    return found


def three_events() -> None:
    for action in ("project.begun", "grant.issued", "grant.revoked"):
        with transaction() as db:
            record(db, action=action, actor=ADA, now=NOW, project="p", subject="s")


def test_an_event_stands_or_falls_with_the_change_beside_it() -> None:
    def change() -> None:
        with transaction() as db:
            record(db, action="grant.issued", actor=SYSTEM, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert events() == []


def test_each_hash_covers_the_body_and_the_hash_before() -> None:
    three_events()
    prev = GENESIS
    for event in events():
        assert event.prev == prev
        assert event.hash == event_hash(prev, leaf_hash(event.body))
        prev = event.hash


def test_a_body_is_canonical_and_says_who_what_when() -> None:
    three_events()
    first = events()[0]
    assert canonical(first.record) == first.body
    assert first.record["action"] == "project.begun"
    assert first.record["at"] == "2026-01-31T12:00:00.000000Z"
    assert first.record["actor"]["id"] == "ada"
    assert (first.seq, first.pseq, first.project, first.subject) == (1, 1, "p", "s")


def test_equal_happenings_have_unequal_bodies() -> None:
    three_events()
    assert len({event.record["nonce"] for event in events()}) == 3


def test_a_personal_value_is_committed_to_and_its_opening_can_be_erased() -> None:
    with transaction() as db:
        event = record(db, action="person.named", actor=ADA, now=NOW, personal={"reason": "because of Mr Smith"})
    assert "Lovelace" not in event.body
    assert "example.org" not in event.body
    assert "Smith" not in event.body
    with transaction() as db:
        openings = {each.field: each for each in db.scalars(select(Opening))}
        name = openings["actor.name"]
        assert event.record["actor"]["name"] == commitment("actor.name", name.salt, "Ada Lovelace")
        assert openings["personal.reason"].value == "because of Mr Smith"
        for each in openings.values():
            db.delete(each)
    assert events()[0].hash == event_hash(GENESIS, leaf_hash(event.body))


def test_two_commitments_to_one_name_cannot_be_linked() -> None:
    three_events()
    assert len({event.record["actor"]["name"] for event in events()}) == 3


@pytest.mark.parametrize("value", [1.5, 2**53, b"bytes", {1: 2}, "\ud800", NOW])
def test_a_value_without_one_true_encoding_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical({"value": value})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_event SET body = '{}' WHERE seq = 2",
        "DELETE FROM trail_event WHERE seq = 3",
        "INSERT OR REPLACE INTO trail_event SELECT * FROM trail_event WHERE seq = 2",
        "INSERT INTO trail_event (seq, at, action, actor_kind, actor_id, body, prev, hash) "
        "SELECT 5, at, action, actor_kind, actor_id, body, hash, 'x' FROM trail_event WHERE seq = 3",
        "INSERT INTO trail_event (seq, at, action, actor_kind, actor_id, body, prev, hash) "
        "SELECT 4, at, action, actor_kind, actor_id, body, prev, 'x' FROM trail_event WHERE seq = 3",
    ],
    ids=["update", "delete", "replace", "gap", "unlinked"],
)
def test_the_database_refuses_to_bend_the_log(statement: str) -> None:
    three_events()
    before = [event.hash for event in events()]
    with pytest.raises(IntegrityError), transaction() as db:
        db.execute(text(statement))
    assert [event.hash for event in events()] == before


def test_sequences_have_no_gap_under_concurrent_writers() -> None:
    def write(project: str) -> None:
        for n in range(20):
            try:
                with transaction() as db:
                    record(db, action="x.done", actor=SYSTEM, now=NOW, project=project)
                    if n % 4 == 0:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass

    threads = [threading.Thread(target=write, args=(f"p{i % 2}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = events()
    assert [event.seq for event in written] == list(range(1, 6 * 15 + 1))
    for project in ("p0", "p1"):
        places = [event.pseq for event in written if event.project == project]
        assert places == list(range(1, 46))
    with reading() as db:
        assert db.scalar(select(func.count(func.distinct(Event.prev)))) == len(written)
