"""`record`: one event, in the transaction of the change that it tells of.

The body is canonical JSON: UTF-8, keys sorted, no white space, no floats. Personal fields stand in it as
salted commitments (SHA-256 of salt and value); the openings are kept apart, so that they can be left out of an
export, or erased, while the chain still verifies. Events are chained: each hash covers the one before.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gateway.trail.models import Event, Opening

ActorKind = Literal["account", "system", "anonymous", "tool"]
Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

DOMAIN = b"slidegate event 1\0"
GENESIS = bytes(32)
SEQUENCER_LOCK = 0x51DE6A7E  # PostgreSQL advisory lock: one writer numbers events at a time


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `name` is personal and goes into the event as a commitment."""

    kind: ActorKind
    id: str = ""
    name: str = ""


SYSTEM = Actor("system")
ANONYMOUS = Actor("anonymous")


def canonical(value: Mapping[str, Json]) -> str:
    """The one way to write a body. Raises TypeError for what JSON, or an exact reader, cannot hold."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("an event holds no floats: readers round them differently")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)


def chain_hash(previous: bytes, body: str) -> bytes:
    """SHA-256 over a fixed prefix, the previous event's hash and this body."""
    return hashlib.sha256(DOMAIN + previous + body.encode()).digest()


def commitment(salt: bytes, value: str) -> str:
    """What stands in the body in place of a personal value."""
    return "sha256:" + hashlib.sha256(salt + value.encode()).hexdigest()


def record(
    db: Session,
    *,
    action: str,
    actor: Actor,
    now: datetime,
    project: str | None = None,
    subject: str | None = None,
    detail: Mapping[str, Json] | None = None,
) -> Event:
    """Add an event; it is durable when the caller's transaction commits, and gone if that rolls back."""
    _take_turn(db)
    last = db.execute(select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)).one_or_none()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    pseq = _next_in_project(db, project)
    salt = secrets.token_bytes(16)
    body = canonical(
        {
            "v": 1,
            "seq": seq,
            "pseq": pseq,
            "at": now.astimezone(UTC).isoformat(timespec="microseconds"),
            "action": action,
            "actor": {
                "kind": actor.kind,
                "id": actor.id,
                "name": commitment(salt, actor.name) if actor.name else None,
            },
            "project": project,
            "subject": subject,
            "detail": dict(detail or {}),
            "nonce": secrets.token_hex(8),
        }
    )
    event = Event(
        seq=seq,
        pseq=pseq,
        at=now,
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        project=project,
        subject=subject,
        body=body,
        previous=previous,
        hash=chain_hash(previous, body),
    )
    db.add(event)
    if actor.name:
        db.add(Opening(seq=seq, field="actor.name", salt=salt, value=actor.name))
    db.flush()
    return event


def _take_turn(db: Session) -> None:
    """SQLite's writers queue in `transaction()`; PostgreSQL's queue here until their commit."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEQUENCER_LOCK})


def _next_in_project(db: Session, project: str | None) -> int | None:
    if project is None:
        return None
    last = db.scalar(select(func.max(Event.pseq)).where(Event.project == project))
    return (last or 0) + 1
