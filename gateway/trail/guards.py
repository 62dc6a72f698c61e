"""Triggers by which the database itself keeps events, tree and checkpoints append-only, gap-free and linked.

`install` is called when a table is made, by `create_all` and by the migration alike. Whoever owns the
database can drop a trigger; the hash chain and the signed checkpoints are there to show that.
"""

from __future__ import annotations

from sqlalchemy import Connection

EVENTS, TILES, CHECKPOINTS = "trail_event", "trail_tile", "trail_checkpoint"
TABLES = (EVENTS, TILES, CHECKPOINTS)

_FOLLOWS = (
    f"NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM {EVENTS}) OR "  # noqa: S608  # constants
    f"NEW.prev <> coalesce((SELECT hash FROM {EVENTS} WHERE seq = NEW.seq - 1), '{'0' * 64}')"
)
_LATER = f"NEW.size <= (SELECT coalesce(max(size), 0) FROM {CHECKPOINTS})"  # noqa: S608  # constants
_GROWS = "NEW.level <> OLD.level OR NEW.place <> OLD.place OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes"
# each also stops INSERT OR REPLACE, for which SQLite does not call the DELETE trigger
_INSERTED = {
    EVENTS: (_FOLLOWS, "an event must follow the last one"),
    TILES: (
        f"EXISTS (SELECT 1 FROM {TILES} WHERE level = NEW.level AND place = NEW.place)",  # noqa: S608  # constants
        "the tree is append-only",
    ),
    CHECKPOINTS: (_LATER, "a checkpoint must follow the last one"),
}


def _sqlite(table: str) -> tuple[str, ...]:
    wrong, says = _INSERTED[table]
    grows = f"WHEN {_GROWS} " if table == TILES else ""
    return (
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} {grows}"
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
        f"CREATE TRIGGER IF NOT EXISTS {table}_linked BEFORE INSERT ON {table} "
        f"WHEN {wrong} BEGIN SELECT RAISE(ABORT, '{says}'); END",
    )


def _postgresql(table: str) -> tuple[str, ...]:
    wrong, says = _INSERTED[table]
    grows = f"WHEN ({_GROWS}) " if table == TILES else ""
    return (
        f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$",
        f"CREATE OR REPLACE FUNCTION {table}_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {wrong} THEN RAISE EXCEPTION '{says}'; END IF; RETURN NEW; END $$",
        f"CREATE OR REPLACE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"FOR EACH ROW {grows}EXECUTE FUNCTION {table}_refuse()",
        f"CREATE OR REPLACE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
        f"CREATE OR REPLACE TRIGGER {table}_linked BEFORE INSERT ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_follow()",
    )


_STATEMENTS = {"sqlite": _sqlite, "postgresql": _postgresql}


def install(connection: Connection, *tables: str) -> None:
    """Put the triggers on these tables, or on all of the log's; safe to repeat."""
    for table in tables or TABLES:
        for statement in _STATEMENTS[connection.dialect.name](table):
            connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Take away what would outlive the tables (PostgreSQL's functions); for a migration's way down."""
    if connection.dialect.name == "postgresql":
        for table in TABLES:
            for name in ("refuse", "follow"):
                connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {table}_{name}() CASCADE")
