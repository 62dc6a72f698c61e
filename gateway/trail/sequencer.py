"""The sequencer: takes events, in their order, into the Merkle tree and signs a checkpoint; one at a time everywhere.

Events get their `seq` and `pseq` with their commit (record.py); the one elected sequencer follows them, checks the
chain as it goes, and refuses to sign a log that was bent. SQLite elects with a file lock, PostgreSQL with an advisory
lock; whoever is not elected has nothing to do, unless it must wait for a checkpoint of its own.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import turns
from gateway.db import engine, reading, transaction
from gateway.errors import SlidegateError
from gateway.trail import notes, signing, timestamps, tree, witnesses
from gateway.trail.chain import GENESIS, event_hash, leaf_hash
from gateway.trail.models import Checkpoint, Event

ADVISORY_LOCK = 0x51DE6A7F  # PostgreSQL: the elected sequencer holds this
CHUNK = 20_000  # events taken in one transaction
EVERY = 10.0  # seconds between two rounds of the jobs process


class LogBent(SlidegateError):
    """An event does not follow from the last: it is not taken into the tree, nor is anything after it."""

    code = "audit-log-bent"
    status = 503
    title = "The audit log does not fit together; no checkpoint is signed"


@dataclass(frozen=True, slots=True)
class Lag:
    """How many events are not yet under a checkpoint, and since when the oldest of them waits."""

    events: int
    since: datetime | None


def newest(db: Session) -> Checkpoint | None:
    """The last checkpoint."""
    return db.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).one_or_none()


def lag(db: Session) -> Lag:
    """How far the tree is behind the log."""
    last = newest(db)
    size = last.size if last is not None else 0
    head = db.scalar(select(func.max(Event.seq))) or 0
    return Lag(head - size, db.scalar(select(Event.at).where(Event.seq == size + 1)))


def sequence(*, now: datetime) -> Checkpoint | None:
    """Bring the tree up to the log and sign; waits its turn. The newest checkpoint, None for an empty log.

    A door of its own, as the key must be on the disk before its first note. Raises LogBent, TreeBroken, NoSigningKey.
    """
    with _elected(fcntl.LOCK_EX):
        _make_key(now)
        while _step(now):
            pass
    with reading() as db:
        return newest(db)


def sequence_if_elected(*, now: datetime) -> bool:
    """The same, but does nothing where another is at it; whether this one did it."""
    try:
        with _elected(fcntl.LOCK_EX | fcntl.LOCK_NB):
            _make_key(now)
            while _step(now):
                pass
    except BlockingIOError:
        return False
    return True


def keep_up(stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Sequence now and every ten seconds until told to stop; a fault is logged, and tried again."""
    log = structlog.get_logger("gateway.trail.sequencer")
    while not stop.is_set():
        try:
            with reading() as db:
                behind = lag(db).events
            if behind:
                with turns.at_most(turns.PATIENT):
                    sequence_if_elected(now=clock())
            witnesses.ask(now=clock())
            timestamps.ask(now=clock())
        except SlidegateError as error:
            log.error("sequencer-stopped", code=error.code)
        except (SQLAlchemyError, OSError) as error:
            log.error("sequencer-stopped", code=type(error).__name__)
        stop.wait(EVERY)


@contextmanager
def _elected(operation: int) -> Iterator[None]:
    bound = engine()
    if bound.dialect.name == "sqlite":
        path = Path(bound.url.database or "")
        try:
            handle = path.with_name(f"{path.name}.sequencer").open("a")
        except OSError:
            raise turns.Unwritable from None
        with handle:
            fcntl.flock(handle, operation)
            yield
        return
    with bound.connect() as connection:
        if operation & fcntl.LOCK_NB:
            if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}).scalar_one():
                raise BlockingIOError
        else:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})


def _make_key(now: datetime) -> None:
    """The first key of a log announces itself in the log, before anything is signed."""
    with reading() as db:
        if not (db.scalar(select(func.max(Event.seq))) or 0):
            return
        known = bool(signing.verifiers(db))
    if not known:
        with transaction() as db:
            signing.present(db, now=now)


def _step(now: datetime) -> bool:
    """Take one chunk of events into the tree and sign; whether there may be more."""
    with reading() as db:
        last = newest(db)
        size = last.size if last is not None else 0
        leaves = _leaves(db, size)
    if not leaves:
        return False
    with transaction() as db:
        name, key = signing.present(db, now=now)
        grown = tree.append(db, size, leaves)
        stored = tree.Tree(db)
        if last is not None and stored.root(size).hex() != last.root:
            raise tree.TreeBroken
        root = stored.root(grown)
        stated = notes.Checkpoint(name, grown, root)
        db.add(Checkpoint(size=grown, at=now, root=root.hex(), note=notes.sign(stated, (name, key))))
    return len(leaves) == CHUNK


def _leaves(db: Session, size: int) -> list[bytes]:
    """Hashes of the events behind the first `size`, once they are seen to follow each other. Raises LogBent."""
    prev = db.scalar(select(Event.hash).where(Event.seq == size)) if size else GENESIS
    columns = (Event.seq, Event.prev, Event.hash, Event.body)
    query = select(*columns).where(Event.seq > size).order_by(Event.seq).limit(CHUNK)
    leaves: list[bytes] = []
    for place, row in enumerate(db.execute(query), size + 1):
        digest = leaf_hash(row.body)
        if row.seq != place or row.prev != prev or event_hash(row.prev, digest) != row.hash:
            raise LogBent
        prev = row.hash
        leaves.append(bytes.fromhex(digest))
    return leaves
