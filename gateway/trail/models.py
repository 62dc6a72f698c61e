"""The event, the openings of its commitments, and the Merkle tree over all events with its signed checkpoints.

All but the openings are append-only: the database refuses the rest.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, event
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.db import Base
from gateway.trail import guards


class Event(Base):
    """One thing that happened. `body` (canonical JSON) is the record; the other columns only find it.

    `seq` has no gap; nor has `pseq` within a project, so that one project's events can be shown complete.
    """

    __tablename__ = "trail_event"
    __table_args__ = (
        Index("ix_trail_event_project_pseq", "project", "pseq", unique=True),
        Index("ix_trail_event_actor_seq", "actor_id", "seq"),
        Index("ix_trail_event_action_seq", "action", "seq"),
        Index("ix_trail_event_instance_action_seq", "instance_uid", "action", "seq"),
        Index("ix_trail_event_release_seq", "release_id", "seq"),
        Index("ix_trail_event_site_seq", "site", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(64))
    project: Mapped[str | None] = mapped_column(String(64))
    pseq: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str | None] = mapped_column(String(128), index=True)
    release_id: Mapped[str | None] = mapped_column(String(64))
    instance_uid: Mapped[str | None] = mapped_column(String(64))
    lease_seq: Mapped[int | None] = mapped_column(BigInteger, index=True)
    site: Mapped[str | None] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    @property
    def record(self) -> dict[str, Any]:
        """The body, parsed."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def detail(self) -> dict[str, Any]:
        """What the action told of itself."""
        detail: dict[str, Any] = self.record.get("detail", {})
        return detail


class Opening(Base):
    """The value and salt behind a commitment in an event's body. May be erased; the event still verifies."""

    __tablename__ = "trail_opening"

    seq: Mapped[int] = mapped_column(ForeignKey("trail_event.seq"), primary_key=True)
    field: Mapped[str] = mapped_column(String(64), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    value: Mapped[str] = mapped_column(Text)


class Tile(Base):
    """Up to 256 hashes of the Merkle tree, side by side at level 8 * `level` (C2SP tlog-tiles); it only grows."""

    __tablename__ = "trail_tile"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class Checkpoint(Base):
    """A signed statement of the tree's size and root; the newest one says how far the tree goes."""

    __tablename__ = "trail_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    root: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)


class Cosignature(Base):
    """A witness's signature under a checkpoint, as a line of its note."""

    __tablename__ = "trail_cosignature"

    size: Mapped[int] = mapped_column(ForeignKey("trail_checkpoint.size"), primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    line: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Timestamp(Base):
    """A timestamp authority's token over a checkpoint's note (RFC 3161), in DER."""

    __tablename__ = "trail_timestamp"

    size: Mapped[int] = mapped_column(ForeignKey("trail_checkpoint.size"), primary_key=True, autoincrement=False)
    token: Mapped[bytes]
    at: Mapped[datetime]


class SigningKey(Base):
    """The public half of a key that signs, or signed, checkpoints; `key_id` as in the notes."""

    __tablename__ = "trail_signing_key"

    key_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    verifier: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Pulse(Base):
    """One row, written now and then to see whether the store takes it."""

    __tablename__ = "trail_pulse"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]


def beat(db: Session, now: datetime) -> None:
    """Write the pulse."""
    db.merge(Pulse(id=1, at=now))


def _guard(table: Any, connection: Any, **_: Any) -> None:
    guards.install(connection, table.name)


for _table in (Event.__table__, Tile.__table__, Checkpoint.__table__):
    event.listen(_table, "after_create", _guard)
