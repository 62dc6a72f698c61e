"""The events that match, in batches and each parsed once: what the forms for reading are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, literal, select
from sqlalchemy.orm import Session

from gateway.audit.queries import Sought
from gateway.audit.verify import Head
from gateway.trail.models import Event, Opening

BATCH = 250  # events; some hundred kilobytes of each form


class Listed(NamedTuple):
    """One event as its body tells it, "" for what it does not tell; a tuple, as a million are made in a row.

    `name` is the actor's, if people are to be named and it has not been erased; `text` the detail's canonical JSON.
    Up to the hash in the order in which a table shows it.
    """

    seq: str
    at: str
    action: str
    kind: str
    account: str
    name: str
    project: str
    pseq: str
    subject: str
    release: str
    instance: str
    lease: str
    text: str
    hash: str
    outcome: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which events are told: those that are sought, up to a head. `named`: with the names of people."""

    sought: Sought
    head: Head
    named: bool
    now: datetime


def _no_top(_listing: Listing) -> str:
    return ""


def _no_bottom(_events: int) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form for reading: what stands before all events, those of a batch, and what stands behind so many."""

    media_type: str
    rows: Callable[[Sequence[Listed]], str]
    top: Callable[[Listing], str] = _no_top
    bottom: Callable[[int], str] = _no_bottom


def matching(listing: Listing, *columns: Any) -> Select[Any]:
    """The columns of the events that match, oldest first, a batch at a time."""
    query = select(*columns).select_from(Event).where(Event.seq <= listing.head.seq).order_by(Event.seq)
    return listing.sought.within(query).execution_options(yield_per=BATCH)


def batches(db: Session, listing: Listing) -> Iterator[list[Listed]]:
    """The events that match, oldest first, in memory of one batch."""
    columns = (Event.seq, Event.hash, Event.body)
    if listing.named:
        name = and_(Opening.seq == Event.seq, Opening.field == "actor.name")
        query = matching(listing, *columns, Opening.value).outerjoin(Opening, name)
    else:
        query = matching(listing, *columns, literal(None))
    for batch in db.connection().execute(query).partitions():
        yield [_listed(*row) for row in batch]


def _listed(seq: int, digest: str, body: str, name: str | None) -> Listed:
    told, _ = _parsed(body)
    actor, detail, project, subject = told["actor"], told["detail"], told.get("project"), told.get("subject")
    found = detail.get
    release, instance, lease, outcome = found("release"), found("instance"), found("lease"), found("outcome")
    text = body[body.index('"detail":') + 9 : body.rindex(',"nonce":"')]  # a canonical body has each of them once
    return Listed(
        str(seq), told["at"], told["action"], actor["kind"], actor["id"], name or "", project or "",
        str(told["pseq"]) if project else "", subject or "", release if type(release) is str else "",
        instance if type(instance) is str else "", str(lease) if type(lease) is int else "", text, digest,
        outcome if type(outcome) is str else "", detail,
    )  # fmt: skip


_parsed = json.JSONDecoder().raw_decode
