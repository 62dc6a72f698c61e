"""How often whatever decides on access has changed: one number, kept by triggers of the database itself.

A decision that was right under a number is right as long as the number stays: no code that grants, revokes, opts out
or withdraws has to remember to say so.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from gateway import triggers
from gateway.db import Base, engine
from gateway.release.models import AccessChange

TABLE = AccessChange.__tablename__
ASK = f"SELECT number FROM {TABLE} WHERE id = 1"  # noqa: S608  # a constant
COUNT = f"UPDATE {TABLE} SET number = number + 1 WHERE id = 1"  # noqa: S608  # constants
WATCHED: dict[str, tuple[str, ...]] = {  # table -> verbs; "UPDATE OF" leaves out what is only noted
    "people_account": ("UPDATE OF closed_at, name, email", "DELETE"),
    "people_token": ("UPDATE OF secret_sha256, account_id, scope, expires_at, revoked_at", "DELETE"),
    "membership": ("INSERT", "UPDATE", "DELETE"),
    "access_grant": ("INSERT", "UPDATE", "DELETE"),
    "training_certificate": ("UPDATE", "DELETE"),
    "opt_out": ("INSERT", "UPDATE", "DELETE"),
    "patient_consent": ("INSERT", "UPDATE", "DELETE"),
    "consent_epoch": ("INSERT", "UPDATE", "DELETE"),
    "patient_key": ("UPDATE", "DELETE"),
    "data_key": ("UPDATE", "DELETE"),
    "data_release": ("UPDATE OF state, consent_epoch, deid_policy, deid_sha256, pixels_sha256, model_sha256", "DELETE"),
    "manifest_entry": ("UPDATE", "DELETE"),
    "archive": ("UPDATE", "DELETE"),
}

_idle: deque[tuple[Engine, Any]] = deque()


def install(connection: Connection) -> None:
    """Put the row and the triggers in place; safe to repeat. The tables must be there."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {TABLE}_count() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {COUNT}; RETURN NULL; END $$"
        )
    for table, verbs in WATCHED.items():
        for verb in verbs:
            connection.exec_driver_sql(_trigger(connection.dialect.name, table, verb))
    connection.exec_driver_sql(f"INSERT INTO {TABLE} (id, number) VALUES (1, 1) ON CONFLICT DO NOTHING")  # noqa: S608


def _trigger(dialect: str, table: str, verb: str) -> str:
    name = f"{table}_{verb.split()[0].lower()}_counts"
    if dialect == "postgresql":
        return (
            f"CREATE OR REPLACE TRIGGER {name} AFTER {verb} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_count()"
        )
    return f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {verb} ON {table} BEGIN {COUNT}; END"


def remove(connection: Connection) -> None:
    """Take away what would outlive the tables (PostgreSQL's function); for a migration's way down."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {TABLE}_count() CASCADE")


triggers.when_there(Base.metadata, WATCHED.keys(), install)


def number() -> int | None:
    """The number now; None where nothing counts, or the database does not answer: then nothing is to be remembered.

    Straight from the driver, over connections of its own that are in no transaction: it is asked for with each frame.
    """
    bound = engine()
    error: type[Exception] = bound.dialect.loaded_dbapi.Error
    try:
        connection = _connection(bound)
        row = connection.execute(ASK).fetchone()
    except (SQLAlchemyError, error):
        _idle.clear()  # they are closed as they are let go of
        return None
    _idle.append((bound, connection))
    return int(row[0]) if row is not None else None


def _connection(bound: Engine) -> Any:
    while _idle:
        try:
            whose, connection = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if whose is bound:
            return connection
        connection.close()
    fresh = bound.raw_connection()
    ours: Any = fresh.driver_connection
    fresh.detach()  # it is ours now, and not the pool's
    if bound.dialect.name == "postgresql":
        ours.rollback()
        ours.autocommit = True  # SQLite's is so unless a BEGIN says otherwise
    return ours


os.register_at_fork(after_in_child=_idle.clear)
