"""The tables of the trail: events, which are only ever added, and the openings of their commitments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DDL, Index, LargeBinary, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base


class Event(Base):
    """One thing that happened. `body` is what is hashed; the other columns repeat it for searching."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_project_pseq", "project", "pseq", unique=True),)

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pseq: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(60), index=True)
    actor_kind: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[str] = mapped_column(String(32), index=True)
    project: Mapped[str | None] = mapped_column(String(16))
    subject: Mapped[str | None] = mapped_column(String(80), index=True)
    body: Mapped[str] = mapped_column(Text)
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Opening(Base):
    """The salt and value behind a commitment in an event; the one thing of the trail that may be erased."""

    __tablename__ = "event_opening"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    value: Mapped[str] = mapped_column(Text)


GUARDS = {  # dialect -> statements that make the event table append-only, whoever writes to it
    "sqlite": [
        "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
        "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION event_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$",
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_refuse()",
    ],
}

for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        event.listen(
            Event.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect)
        )
