"""Writing the record: `record(...)` puts one event in the caller's transaction, or the change does not happen.

The body of an event, as canonical JSON (`canonical.py`), linked by `chain.py`:

    v        1
    seq      place in the log, from 1, without gap
    at       UTC, microseconds, "2026-01-31T12:00:00.000000Z"
    action   dotted name, past tense: "grant.issued"
    actor    {kind, id, and commitments name, email where known}
    project, pseq   the project and the place among its events, from 1, without gap (where there is one)
    subject  id of the thing that was acted on (where there is one)
    detail   what the action tells of itself; the keys release, instance, lease and site can be searched by
    personal commitments to personal values (where there are any)
    nonce    16 random bytes in hex: equal happenings have unequal bodies
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.orm import Session

from gateway.trail.canonical import canonical
from gateway.trail.chain import GENESIS, SALT_BYTES, commitment, event_hash, leaf_hash
from gateway.trail.models import Event, Opening


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `id` is an account's or tool's opaque id; name and email are personal and committed to."""

    kind: Literal["account", "system", "anonymous", "tool"]
    id: str = ""
    name: str = ""
    email: str = ""


SYSTEM = Actor("system")
ANONYMOUS = Actor("anonymous")


@dataclass(frozen=True, slots=True)
class Telling:
    """What an event will say; it has no place in the log yet. See `record`."""

    action: str
    actor: Actor
    now: datetime
    project: str | None = None
    subject: str | None = None
    detail: Mapping[str, object] | None = None
    personal: Mapping[str, str] | None = None


def record(
    db: Session,
    *,
    action: str,
    actor: Actor,
    now: datetime,
    project: str | None = None,
    subject: str | None = None,
    detail: Mapping[str, object] | None = None,
    personal: Mapping[str, str] | None = None,
) -> Event:
    """Append an event in the caller's transaction; it stands or falls with the change beside it.

    `detail` must hold no personal value: give those as `personal` (field -> value), of which only salted
    commitments enter the body. Floats are refused (`NotCanonical`). The Event given back is a plain
    value, not attached to the session.
    """
    return Event(**_append(db, [Telling(action, actor, now, project, subject, detail, personal)])[0])


def record_all(db: Session, tellings: Sequence[Telling]) -> list[int]:
    """Append several events in their order, as `record` does one, for little more than the cost of one; their seqs."""
    return [row["seq"] for row in _append(db, tellings)]


def _append(db: Session, tellings: Sequence[Telling]) -> list[dict[str, Any]]:
    connection = db.connection()
    place = _Place(connection)
    rows: list[dict[str, Any]] = []
    openings: list[dict[str, Any]] = []
    for told in tellings:
        rows.append(_row(told, place.seq + 1, place.hash, place.next_of(told.project), openings))
        place.seq, place.hash = rows[-1]["seq"], rows[-1]["hash"]
    if rows:
        connection.execute(insert(Event), rows)
    if openings:
        connection.execute(insert(Opening), openings)
    return rows


class _Place:
    """Where the log ends, and each project in it. `transaction` lets one writer in at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        last = connection.execute(select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)).one_or_none()
        self.seq: int = last.seq if last else 0
        self.hash: str = last.hash if last else GENESIS
        self._projects: dict[str, int] = {}

    def next_of(self, project: str | None) -> int | None:
        """The next pseq of a project."""
        if project is None:
            return None
        if project not in self._projects:
            query = select(func.coalesce(func.max(Event.pseq), 0)).where(Event.project == project)
            self._projects[project] = self._connection.execute(query).scalar_one() or 0
        self._projects[project] += 1
        return self._projects[project]


def _row(told: Telling, seq: int, prev: str, pseq: int | None, openings: list[dict[str, Any]]) -> dict[str, Any]:
    def committed(values: Mapping[str, str], prefix: str) -> dict[str, str]:
        return {name: _commit(openings, seq, prefix + name, value) for name, value in values.items() if value}

    who = committed({"name": told.actor.name, "email": told.actor.email}, "actor.")
    detail = dict(told.detail or {})
    body: dict[str, object] = {
        "v": 1,
        "seq": seq,
        "at": told.now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "action": told.action,
        "actor": {"kind": told.actor.kind, "id": told.actor.id, **who},
        "detail": detail,
        "nonce": secrets.token_hex(16),
    }
    body |= {"project": told.project, "pseq": pseq} if pseq is not None else {}
    body |= {"subject": told.subject} if told.subject is not None else {}
    body |= {"personal": committed(told.personal, "personal.")} if told.personal else {}
    written = canonical(body)
    return {
        "seq": seq, "at": told.now, "action": told.action, "actor_kind": told.actor.kind, "actor_id": told.actor.id,
        "project": told.project, "pseq": pseq, "subject": told.subject, **found_by(detail),
        "body": written, "prev": prev, "hash": event_hash(prev, leaf_hash(written)),
    }  # fmt: skip


def _commit(openings: list[dict[str, Any]], seq: int, field: str, value: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    openings.append({"seq": seq, "field": field, "salt": salt, "value": value})
    return commitment(field, salt, value)


def found_by(detail: Mapping[str, object]) -> dict[str, Any]:
    """The columns that repeat what a detail says, so that a search can use an index."""
    release, instance, lease, site = (detail.get(key) for key in ("release", "instance", "lease", "site"))
    return {
        "release_id": release if isinstance(release, str) else None,
        "instance_uid": str(instance) if isinstance(instance, str) else None,
        "lease_seq": lease if type(lease) is int else None,
        "site": site if isinstance(site, str) else None,
    }
