"""Every event comes under a signed root once, in order; a bent log is never signed; one sequencer at a time."""

from __future__ import annotations

import fcntl
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from gateway.db import reading, transaction
from gateway.trail import guards, merkle, notes, sequencer, signing
from gateway.trail.chain import leaf_hash
from gateway.trail.models import Checkpoint, Event
from gateway.trail.record import SYSTEM, record
from gateway.trail.tree import Tree

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def some_events(count: int) -> None:
    with transaction() as db:
        for _ in range(count):
            record(db, action="x.done", actor=SYSTEM, now=NOW, project="p")


def sequenced() -> Checkpoint:
    found = sequencer.sequence(now=NOW)
    assert found is not None
    return found


def keys() -> list[notes.VerifierKey]:
    with reading() as db:
        return [notes.VerifierKey.read(row.verifier) for row in signing.verifiers(db)]


def plain_root(size: int) -> bytes:
    growing = merkle.Frontier()
    with reading() as db:
        for body in db.scalars(select(Event.body).where(Event.seq <= size).order_by(Event.seq)):
            growing.append(bytes.fromhex(leaf_hash(body)))
    return growing.root()


def test_an_empty_log_has_no_checkpoint() -> None:
    assert sequencer.sequence(now=NOW) is None
    assert not signing.key_file().exists()


def test_a_checkpoint_signs_the_root_over_all_events() -> None:
    some_events(3)
    found = sequenced()
    checkpoint, signed_by = notes.opened(found.note, keys())
    assert [key.id for key in signed_by] == [keys()[0].id]
    assert (checkpoint.size, checkpoint.root) == (4, plain_root(4))  # the fourth announces the key
    assert checkpoint.origin == signing.origin()
    assert signing.key_file().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("steps", [(1, 1, 1), (254, 1, 1, 300), (600, 70_000)])
def test_roots_and_proofs_from_the_stored_tree_are_those_of_the_plain_one(
    steps: tuple[int, ...],
) -> None:
    formers: list[tuple[int, bytes]] = []
    for step in steps:
        with transaction() as db:
            size = formers[-1][0] if formers else 0
            leaves = [merkle.leaf(str(number).encode()) for number in range(size, size + step)]
            formers.append((sequencer.tree.append(db, size, leaves), b""))
            formers[-1] = (size + step, Tree(db).root(size + step))
    size, root = formers[-1]
    growing = merkle.Frontier()
    for number in range(size):
        growing.append(merkle.leaf(str(number).encode()))
    assert root == growing.root()
    with reading() as db:
        stored = Tree(db)
        for former, before in formers:
            assert merkle.is_consistent(former, before, size, root, stored.consistency(former, size))
        for index in {0, size // 2, size - 1}:
            path = stored.inclusion(index, size)
            assert merkle.root_by_inclusion(merkle.leaf(str(index).encode()), index, size, path) == root


def test_each_checkpoint_continues_the_one_before() -> None:
    some_events(5)
    first = sequenced()
    assert sequenced().size == first.size
    some_events(300)
    second = sequenced()
    assert second.size == first.size + 300
    assert bytes.fromhex(second.root) == plain_root(second.size)
    with reading() as db:
        proof = Tree(db).consistency(first.size, second.size)
    roots = bytes.fromhex(first.root), bytes.fromhex(second.root)
    assert merkle.is_consistent(first.size, roots[0], second.size, roots[1], proof)


def bend(statement: str) -> None:
    with transaction() as db:
        for table in guards.TABLES:
            for name in ("no_update", "no_delete", "linked"):
                db.execute(text(f"DROP TRIGGER {table}_{name}"))
        db.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_event SET body = replace(body, 'x.done', 'y.done') WHERE seq = 7",
        "DELETE FROM trail_event WHERE seq = 7",
        "UPDATE trail_event SET prev = hash WHERE seq = 7",
    ],
)
def test_a_bent_log_is_not_signed(statement: str) -> None:
    some_events(5)
    before = sequenced()
    some_events(5)
    bend(statement)
    with pytest.raises(sequencer.LogBent):
        sequencer.sequence(now=NOW)
    with reading() as db:
        last = sequencer.newest(db)
        assert last is not None
        assert last.size == before.size


def test_a_bent_tree_is_not_signed() -> None:
    some_events(5)
    sequenced()
    some_events(1)
    bend("UPDATE trail_tile SET hashes = zeroblob(length(hashes))")
    with pytest.raises(sequencer.tree.TreeBroken):
        sequencer.sequence(now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_checkpoint SET note = 'x'",
        "DELETE FROM trail_checkpoint",
        "INSERT OR REPLACE INTO trail_checkpoint SELECT size, at, 'x', note FROM trail_checkpoint",
        "UPDATE trail_tile SET hashes = zeroblob(length(hashes))",
        "DELETE FROM trail_tile",
        "INSERT OR REPLACE INTO trail_tile SELECT level, place, x'00' FROM trail_tile",
    ],
)
def test_the_database_refuses_to_bend_tree_and_checkpoints(statement: str) -> None:
    some_events(5)
    sequenced()
    with pytest.raises(IntegrityError), transaction() as db:
        db.execute(text(statement))


def test_a_lost_key_is_not_replaced_silently() -> None:
    some_events(1)
    sequenced()
    some_events(1)
    signing.key_file().unlink()
    with pytest.raises(signing.NoSigningKey):
        sequencer.sequence(now=NOW)
    assert not signing.key_file().exists()


def test_another_key_in_its_place_signs_nothing(data_dir: Path) -> None:
    some_events(1)
    sequenced()
    some_events(1)
    signing._write(signing.key_file(), signing.Ed25519PrivateKey.generate())
    with pytest.raises(signing.NoSigningKey, match="not the key"):
        sequencer.sequence(now=NOW)


def test_a_key_that_others_may_read_signs_nothing() -> None:
    some_events(1)
    sequenced()
    some_events(1)
    signing.key_file().chmod(0o640)
    with pytest.raises(signing.NoSigningKey, match="chmod 600"):
        sequencer.sequence(now=NOW)


def test_after_a_rotation_the_new_key_signs_and_both_are_in_the_log() -> None:
    some_events(1)
    first = sequenced()
    with transaction() as db:
        coming = signing.begin_rotation(db, by=SYSTEM, now=NOW)
    signing.end_rotation()
    second = sequenced()
    former, present = sorted(keys(), key=lambda key: key.id == coming)
    assert notes.opened(first.note, keys())[1] == [former]
    assert notes.opened(second.note, keys())[1] == [present]
    with reading() as db:
        told = [
            json.loads(body) for body in db.scalars(select(Event.body).where(Event.action == "audit.key.announced"))
        ]
    assert [each["detail"]["key"] for each in told] == [former.text, present.text]


def test_a_rotation_that_was_cut_off_is_finished() -> None:
    some_events(1)
    sequenced()
    with transaction() as db:
        coming = signing.begin_rotation(db, by=SYSTEM, now=NOW)
    assert [key.id for key in notes.opened(sequenced().note, keys())[1]] == [coming]
    assert not signing.key_file().with_name("audit-signing.key.next").exists()


def test_only_the_elected_sequencer_works(data_dir: Path) -> None:
    some_events(1)
    with (data_dir / "slidegate.db.sequencer").open("a") as elected:
        fcntl.flock(elected, fcntl.LOCK_EX)
        assert not sequencer.sequence_if_elected(now=NOW)
        with reading() as db:
            assert sequencer.newest(db) is None
            assert sequencer.lag(db) == sequencer.Lag(1, NOW)
    assert sequencer.sequence_if_elected(now=NOW)
    with reading() as db:
        assert sequencer.lag(db) == sequencer.Lag(0, None)


def test_many_sequencers_among_writers_give_one_unbroken_row_of_checkpoints() -> None:
    some_events(1)
    work = [lambda: [some_events(3) for _ in range(10)]] * 3
    work += [lambda: [sequencer.sequence(now=NOW) for _ in range(10)]] * 3  # type: ignore[list-item]
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = sequenced()
    assert last.size == 1 + 1 + 3 * 30
    with reading() as db:
        for each in db.scalars(select(Checkpoint)):
            assert notes.opened(each.note, keys())[0].root == plain_root(each.size)
