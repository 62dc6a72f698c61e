"""The whole answer to a question about reads: how much in all, each read with what it rests on, as CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from gateway.audit import queries
from gateway.audit.extents import ReadOfInstance, every_read
from gateway.audit.search import UNKNOWN, Search
from gateway.trail.models import Event
from gateway.trail.reads import OPENED
from gateway.web import spreadsheet

ADDED_UP = 10_000  # reads; of more, a page does not add up frames and bytes, but the answer as a file does
COLUMNS = (
    "seq", "at", "person", "name", "project", "title", "site", "instance", "how", "extent", "frames", "bytes_sent",
    "outcome", "grant", "release", "application", "decided_at", "decision", "policy", "recipe_sha256",
    "pixels_sha256", "consent_epoch", "built",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Totals:
    """How much in all. `frames` are those of reads by frame; both they and the bytes are None where not added up."""

    reads: int
    people: int
    instances: int
    unknown_extent: int
    frames: int | None
    bytes_sent: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of the reads that match, newest first, and how much all of them come to."""

    reads: Sequence[ReadOfInstance]
    older: int | None
    totals: Totals


def totals(db: Session, search: Search) -> Totals:
    """How much the reads that match come to. Bytes and frames of reads of unknown extent are not among them."""
    matching = queries.matching(db, replace(search, action=OPENED))
    counts = (func.count(), func.count(distinct(Event.actor_id)), func.count(distinct(Event.instance_uid)))
    reads, people, instances = db.execute(select(*counts).where(matching)).one()
    open_ones = queries.matching(db, replace(search, action=OPENED, extent=UNKNOWN))
    unknown = db.scalar(select(func.count()).select_from(Event).where(open_ones)) or 0
    if reads > ADDED_UP:
        return Totals(reads, people, instances, unknown, None, None)
    frames = sent = 0
    for each in every_read(db, search, until=queries.head(db).seq):
        frames += each.frames or 0
        sent += each.bytes_sent or 0
    return Totals(reads, people, instances, unknown, frames, sent)


def csv_lines(db: Session, search: Search, *, now: datetime, until: int) -> Iterator[str]:
    """A row for each read up to a place in the log, oldest first, the names of the columns first."""
    yield spreadsheet.row(COLUMNS)
    for told in _rows(db, search, until):
        yield spreadsheet.row(told[name] for name in COLUMNS)


def json_lines(db: Session, search: Search, *, now: datetime, until: int) -> Iterator[str]:
    """One object: what was asked, when, the reads, and how much they come to."""
    asked = json.dumps({"made_at": now.isoformat(), "search": search.told}, ensure_ascii=False)
    yield f'{asked[:-1]}, "reads": [\n'
    people: set[str] = set()
    instances: set[str] = set()
    reads = unknown = frames = sent = 0
    for told in _rows(db, search, until):
        people.add(told["person"])
        instances.add(told["instance"])
        unknown += not told["outcome"]
        frames += told["frames"] or 0
        sent += told["bytes_sent"] or 0
        yield (",\n" if reads else "") + json.dumps(told, ensure_ascii=False)
        reads += 1
    total = Totals(reads, len(people), len(instances), unknown, frames, sent)
    yield f'\n], "totals": {json.dumps(asdict(total))}}}\n'


ANSWERS: dict[str, tuple[Callable[..., Iterator[str]], str]] = {
    "csv": (csv_lines, spreadsheet.MEDIA_TYPE),
    "json": (json_lines, "application/json; charset=utf-8"),
}


def _rows(db: Session, search: Search, until: int) -> Iterator[dict[str, Any]]:
    titles: dict[str, str] = {}
    for read in every_read(db, search, until=until):
        if read.project not in titles:
            titles[read.project] = queries.titles_of(db, [read.project]).get(read.project, "")
        yield _row(read, titles[read.project])


def _row(read: ReadOfInstance, title: str) -> dict[str, Any]:
    decided = read.approval.decided_at
    told = {**asdict(read.approval), **asdict(read), "title": title, "extent": read.extent, "at": read.at.isoformat()}
    return {name: told[name] for name in COLUMNS} | {"decided_at": decided.isoformat() if decided else None}
