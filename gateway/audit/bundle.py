"""Writing a bundle: the events that match, with checkpoint, proofs and keys, for `slidegate-verify`."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gateway.audit import queries
from gateway.audit.exports import FORMATS, CannotWrite
from gateway.audit.offline import layout
from gateway.audit.search import EVERYTHING, Search
from gateway.errors import Conflict
from gateway.trail import sequencer, signing, witnesses
from gateway.trail.canonical import Json, canonical
from gateway.trail.models import Checkpoint, Event, Opening, Tile
from gateway.trail.tree import Tree

BATCH = 5000
FOR_READING = tuple(form for form in FORMATS if form != "ndjson")  # its lines are the events of the bundle
HISTORY = 100  # former checkpoints that a bundle brings along


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


def write(db: Session, folder: Path, asked: Asked) -> int:
    """Write a bundle into a folder, under its newest checkpoint; gives the number of events. Raises CannotWrite."""
    checkpoint = sequencer.newest(db)
    if checkpoint is None:
        raise NothingSigned
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / layout.ABOUT).unlink(missing_ok=True)  # a bundle that is cut off is none
        for name in (layout.LEAVES, layout.PROOFS, layout.OPENINGS, *map(_name, FORMATS)):
            (folder / name).unlink(missing_ok=True)
        return _write(db, folder, asked, checkpoint)
    except OSError:
        raise CannotWrite from None


def _write(db: Session, folder: Path, asked: Asked, checkpoint: Checkpoint) -> int:
    count = _events(db, folder, asked, checkpoint)
    _file(folder / layout.CHECKPOINT, [witnesses.note_of(db, checkpoint)])
    _file(folder / layout.KEYS, (row.verifier + "\n" for row in signing.verifiers(db)))
    _file(folder / layout.HISTORY, _history(db, checkpoint))
    if asked.named:
        _file(folder / layout.OPENINGS, _openings(db, asked.search, checkpoint.size))
    digests: dict[str, Json] = {}
    for form in asked.forms:
        lines, _media_type = FORMATS[form]
        digests[_name(form)] = _file(folder / _name(form), lines(db, asked.search, named=asked.named, now=asked.now))
    about: Json = {
        "format": layout.FORMAT, "scope": asked.scope, "events": count, "named": asked.named,
        "made_at": asked.now.isoformat(), "search": asked.search.told, "forms": digests,
    }  # fmt: skip
    _file(folder / layout.ABOUT, [canonical(about) + "\n"])
    return count


def _name(form: str) -> str:
    return f"audit.{form}"


def _file(path: Path, lines: Iterable[str]) -> str:
    """Write the lines, on the disk when this returns; gives their SHA-256."""
    with suppress(FileNotFoundError):
        path.unlink()
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for line in lines:
            raw = line.encode()
            digest.update(raw)
            file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _matching(db: Session, search: Search, size: int, *columns: Any) -> Select[Any]:
    query = select(*columns).where(Event.seq <= size).order_by(Event.seq).execution_options(yield_per=BATCH)
    return query if search == EVERYTHING else query.where(queries.matching(db, search))


def _events(db: Session, folder: Path, asked: Asked, checkpoint: Checkpoint) -> int:
    """The bodies; beside them every leaf of a whole log, or the audit paths of a part."""
    size, whole = checkpoint.size, asked.scope == layout.LOG
    tree = Tree(db)
    count = 0
    with (folder / layout.EVENTS).open("wb") as bodies, (folder / layout.PROOFS).open("w") as proofs:
        for seq, body in db.execute(_matching(db, asked.search, size, Event.seq, Event.body)):
            bodies.write(body.encode() + b"\n")
            if not whole:
                proofs.write(f'{{"path":{_encoded(tree.inclusion(seq - 1, size))},"seq":{seq}}}\n')
            count += 1
        for file in (bodies, proofs):
            file.flush()
            os.fsync(file.fileno())
    if whole:
        (folder / layout.PROOFS).unlink()
        _leaves(db, folder / layout.LEAVES, size)
    return count


def _leaves(db: Session, path: Path, size: int) -> None:
    query = select(Tile.hashes).where(Tile.level == 0).order_by(Tile.place).execution_options(yield_per=100)
    left = size * 32
    with path.open("wb") as file:
        for hashes in db.scalars(query):
            file.write(hashes[:left])
            left -= min(left, len(hashes))


def _encoded(path: Iterable[bytes]) -> str:
    return json.dumps([base64.b64encode(each).decode() for each in path], separators=(",", ":"))


def _history(db: Session, checkpoint: Checkpoint) -> Iterator[str]:
    former = select(Checkpoint).where(Checkpoint.size < checkpoint.size)
    tree = Tree(db)
    for each in list(db.scalars(former.order_by(Checkpoint.size.desc()).limit(HISTORY)))[::-1]:
        proof = _encoded(tree.consistency(each.size, checkpoint.size))
        yield f'{{"checkpoint":{json.dumps(each.note)},"consistency":{proof}}}\n'


def _openings(db: Session, search: Search, size: int) -> Iterator[str]:
    columns = (Opening.seq, Opening.field, Opening.salt, Opening.value)
    query = _matching(db, search, size, *columns).join(Event, Event.seq == Opening.seq).order_by(Opening.field)
    for row in db.execute(query):
        yield canonical({"seq": row.seq, "field": row.field, "salt": row.salt.hex(), "value": row.value}) + "\n"
