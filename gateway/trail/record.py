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
from collections.abc import Mapping
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
    connection = db.connection()
    seq, prev, pseq = _next_place(connection, project)
    openings: list[dict[str, Any]] = []

    def committed(values: Mapping[str, str], prefix: str) -> dict[str, str]:
        return {name: _commit(openings, seq, prefix + name, value) for name, value in values.items() if value}

    who = committed({"name": actor.name, "email": actor.email}, "actor.")
    told = dict(detail or {})
    body: dict[str, object] = {
        "v": 1,
        "seq": seq,
        "at": now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "action": action,
        "actor": {"kind": actor.kind, "id": actor.id, **who},
        "detail": told,
        "nonce": secrets.token_hex(16),
    }
    body |= {"project": project, "pseq": pseq} if project is not None else {}
    body |= {"subject": subject} if subject is not None else {}
    body |= {"personal": committed(personal, "personal.")} if personal else {}
    written = canonical(body)
    values = {
        "seq": seq, "at": now, "action": action, "actor_kind": actor.kind, "actor_id": actor.id,
        "project": project, "pseq": pseq, "subject": subject, **found_by(told),
        "body": written, "prev": prev, "hash": event_hash(prev, leaf_hash(written)),
    }  # fmt: skip
    connection.execute(insert(Event), values)
    if openings:
        connection.execute(insert(Opening), openings)
    return Event(**values)


def _next_place(connection: Connection, project: str | None) -> tuple[int, str, int | None]:
    """The next seq, the hash before it, and the next pseq. `transaction` lets one writer in at a time."""
    last = connection.execute(select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)).one_or_none()
    pseq = None
    if project is not None:
        query = select(func.coalesce(func.max(Event.pseq), 0) + 1).where(Event.project == project)
        pseq = connection.execute(query).scalar_one()
    return (last.seq + 1, last.hash, pseq) if last else (1, GENESIS, pseq)


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
