"""Triggers by which the database itself keeps events append-only, gap-free and linked.

`install` is called when the table is made, by `create_all` and by the migration alike. Whoever owns the
database can drop a trigger; the hash chain is there to show that.
"""

from __future__ import annotations

from sqlalchemy import Connection

TABLE = "trail_event"

_SQLITE = (
    *(
        f"CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
        "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    # also stops INSERT OR REPLACE, for which SQLite does not call the DELETE trigger
    f"CREATE TRIGGER IF NOT EXISTS {TABLE}_linked BEFORE INSERT ON {TABLE} "  # noqa: S608  # constants
    f"WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM {TABLE}) OR "
    f"NEW.prev <> coalesce((SELECT hash FROM {TABLE} WHERE seq = NEW.seq - 1), '{'0' * 64}') "
    "BEGIN SELECT RAISE(ABORT, 'an event must follow the last one'); END",
)

_POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$",
    f"CREATE OR REPLACE FUNCTION {TABLE}_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
    f"IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM {TABLE}) OR "
    f"NEW.prev <> coalesce((SELECT hash FROM {TABLE} WHERE seq = NEW.seq - 1), '{'0' * 64}') "
    "THEN RAISE EXCEPTION 'an event must follow the last one'; END IF; RETURN NEW; END $$",
    f"CREATE OR REPLACE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
    f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE OR REPLACE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE OR REPLACE TRIGGER {TABLE}_linked BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_follow()",
)

_STATEMENTS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


def install(connection: Connection) -> None:
    """Put the triggers on the events table; safe to repeat."""
    for statement in _STATEMENTS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Take away what would outlive the table (PostgreSQL's functions); for a migration's way down."""
    if connection.dialect.name == "postgresql":
        for name in ("refuse", "follow"):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {TABLE}_{name}() CASCADE")
