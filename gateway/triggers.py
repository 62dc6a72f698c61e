"""Refusals that the database itself speaks: triggers that abort a statement, for SQLite and PostgreSQL alike.

A command checks first and says why in plain words; what is here holds even where a command forgets to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, MetaData, event


@dataclass(frozen=True, slots=True)
class Refusal:
    """A statement of this kind is refused for a row of which `when` is true. SQL that both databases understand."""

    name: str
    table: str
    verb: Literal["INSERT", "UPDATE", "DELETE"]
    when: str
    says: str


def install(connection: Connection, refusals: Iterable[Refusal]) -> None:
    """Put them in place; safe to repeat. The tables must be there."""
    written = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.dialect.name]
    for each in refusals:
        for statement in written(each):
            connection.exec_driver_sql(statement)


def remove(connection: Connection, refusals: Iterable[Refusal]) -> None:
    """Take away what would outlive the tables (PostgreSQL's functions); for a migration's way down."""
    if connection.dialect.name == "postgresql":
        for each in refusals:
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {each.name}() CASCADE")


def when_there(metadata: MetaData, tables: Set[str], put: Callable[[Connection], None]) -> None:
    """Call `put`, which has to be safe to repeat, whenever tables are made and all of these are there."""

    @event.listens_for(metadata, "after_create")
    def _made(_metadata: Any, connection: Connection, **_: Any) -> None:
        if set(connection.dialect.get_table_names(connection)) >= tables:
            put(connection)


def _sqlite(each: Refusal) -> tuple[str, ...]:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {each.name} BEFORE {each.verb} ON {each.table} "
        f"WHEN {each.when} BEGIN SELECT RAISE(ABORT, '{each.says}'); END",
    )


def _postgresql(each: Refusal) -> tuple[str, ...]:
    goes_on = "OLD" if each.verb == "DELETE" else "NEW"
    return (
        f"CREATE OR REPLACE FUNCTION {each.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {each.when} THEN RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = '{each.says}'; END IF; "
        f"RETURN {goes_on}; END $$",
        f"CREATE OR REPLACE TRIGGER {each.name} BEFORE {each.verb} ON {each.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {each.name}()",
    )
