"""What a bundle holds: its files by name, each as pieces that are made as they are taken, in constant memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from json.encoder import encode_basestring as quoted

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from gateway.audit import paths, queries
from gateway.audit.answers import ANSWERS
from gateway.audit.listing import Listing, matching
from gateway.audit.offline import layout
from gateway.audit.search import EVERYTHING, STAYS_HERE, Search
from gateway.audit.verify import Head
from gateway.errors import Conflict
from gateway.trail import sequencer, signing, timestamps, witnesses
from gateway.trail.canonical import Json, canonical
from gateway.trail.merkle import HASH_BYTES
from gateway.trail.models import Checkpoint, Event, Opening, Tile, Timestamp
from gateway.trail.tree import Tree

HISTORY = 100  # former checkpoints that a bundle brings along, and as many of those that were dated
TILES = 64  # taken at once

Pieces = Iterator[bytes]


class NothingSigned(Conflict):
    """There is no checkpoint yet."""

    code = "audit-nothing-signed"
    title = "The audit log has no checkpoint yet: run `slidegate audit checkpoint`"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bundle is to hold."""

    search: Search
    forms: tuple[str, ...]
    named: bool
    now: datetime

    @property
    def scope(self) -> str:
        """The whole log, all events of projects, or any other part."""
        if self.search == EVERYTHING:
            return layout.LOG
        return layout.PROJECTS if replace(self.search, project="") == EVERYTHING else layout.SELECTION


@dataclass(frozen=True, slots=True)
class Contents:
    """A bundle about to be made: under which checkpoint, which events, and how many they are."""

    asked: Asked
    checkpoint: Checkpoint
    listing: Listing
    events: int


def begun(db: Session, asked: Asked) -> Contents:
    """Settle what a bundle made now holds; nothing that happens later gets into it. Raises NothingSigned."""
    checkpoint = sequencer.newest(db)
    if checkpoint is None:
        raise NothingSigned
    size = checkpoint.size
    head = Head(size, db.execute(select(Event.hash).where(Event.seq == size)).scalar_one())
    listing = Listing(queries.sought(db, asked.search), head, asked.named, asked.now)
    counted = listing.sought.within(select(func.count()).select_from(Event).where(Event.seq <= size))
    return Contents(asked, checkpoint, listing, db.execute(counted).scalar_one())


def proved(db: Session, contents: Contents) -> Iterator[tuple[str, Pieces]]:
    """The files that the verifier needs, but for the last, which says that all are there: `about`."""
    asked, checkpoint, listing = contents.asked, contents.checkpoint, contents.listing
    yield layout.CHECKPOINT, iter([witnesses.note_of(db, checkpoint).encode()])
    yield layout.KEYS, (f"{row.verifier}\n".encode() for row in signing.verifiers(db))
    former = _former(db, checkpoint)
    yield layout.HISTORY, _history(db, former, checkpoint)
    if stamps := timestamps.of(db, [each.size for each in (*former, checkpoint)]):
        yield layout.TIMESTAMPS, _timestamps((*former, checkpoint), stamps)
    yield layout.EVENTS, _events(db, listing)
    if asked.scope == layout.LOG:
        yield layout.LEAVES, _leaves(db, checkpoint.size)
    else:
        yield layout.PROOFS, _proofs(db, listing)
    if asked.named:
        yield layout.OPENINGS, _openings(db, listing)


def answers(db: Session, contents: Contents) -> Iterator[tuple[str, Iterator[str]]]:
    """The answer to the question, in files for reading, where a part of the log was asked for with its people."""
    asked, until = contents.asked, contents.listing.head.seq
    if asked.scope == layout.SELECTION and asked.named and asked.forms:
        for form, (lines, _media_type) in ANSWERS.items():
            yield layout.answer(form), lines(db, asked.search, now=asked.now, until=until)


def about(contents: Contents, digests: dict[str, str]) -> Pieces:
    """What the bundle says of itself; `digests`: the SHA-256 of each file for reading."""
    asked = contents.asked
    told: Json = {
        "format": layout.FORMAT, "scope": asked.scope, "events": contents.events, "named": asked.named,
        "made_at": asked.now.isoformat(), "search": asked.search.told, "forms": digests,
    }  # fmt: skip
    return iter([f"{canonical(told)}\n".encode()])


def _events(db: Session, listing: Listing) -> Pieces:
    for bodies in db.connection().scalars(matching(listing, Event.body)).partitions():
        yield ("\n".join(bodies) + "\n").encode()


def _proofs(db: Session, listing: Listing) -> Pieces:
    found = paths.Paths(db, listing.head.seq)
    for seqs in db.scalars(matching(listing, Event.seq)).partitions():
        told = [f'{{"path":{path},"seq":{seq}}}\n' for seq, path in zip(seqs, found.of(seqs), strict=True)]
        yield "".join(told).encode()


def _leaves(db: Session, size: int) -> Pieces:
    query = select(Tile.hashes).where(Tile.level == 0).order_by(Tile.place).execution_options(yield_per=TILES)
    left = size * HASH_BYTES
    for hashes in db.scalars(query):
        yield hashes[:left]
        left -= min(left, len(hashes))


def _former(db: Session, checkpoint: Checkpoint) -> list[Checkpoint]:
    """The last checkpoints before this one, and the last that were dated."""
    newest = select(Checkpoint).where(Checkpoint.size < checkpoint.size).order_by(Checkpoint.size.desc()).limit(HISTORY)
    dated = newest.join(Timestamp, Timestamp.size == Checkpoint.size)
    found = {each.size: each for asked in (newest, dated) for each in db.scalars(asked)}
    return [found[size] for size in sorted(found)]


def _history(db: Session, former: Iterable[Checkpoint], checkpoint: Checkpoint) -> Pieces:
    tree = Tree(db)
    for each in former:
        proof = paths.text(tree.consistency(each.size, checkpoint.size))
        yield f'{{"checkpoint":{json.dumps(each.note)},"consistency":{proof}}}\n'.encode()


def _timestamps(checkpoints: Iterable[Checkpoint], stamps: dict[int, bytes]) -> Pieces:
    for each in checkpoints:
        if token := stamps.get(each.size):
            yield f'{{"checkpoint":{json.dumps(each.note)},"token":"{base64.b64encode(token).decode()}"}}\n'.encode()


def _openings(db: Session, listing: Listing) -> Pieces:
    query = matching(listing, Opening.field, Opening.salt, Opening.seq, Opening.value).order_by(Opening.field)
    query = query.join(Opening, and_(Opening.seq == Event.seq, Opening.field.not_in(STAYS_HERE)))
    for batch in db.connection().execute(query).partitions():
        yield "".join(_opening_lines(batch)).encode()


def _opening_lines(batch: Iterable[tuple[str, bytes, int, str]]) -> list[str]:
    return [
        f'{{"field":{quoted(field)},"salt":"{salt.hex()}","seq":{seq},"value":{quoted(value)}}}\n'
        for field, salt, seq, value in batch
    ]
