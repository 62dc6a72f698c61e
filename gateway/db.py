"""The database: one engine for each process, and the two ways in: `transaction()` and `reading()`.

SQLite (WAL, synchronous=FULL) by default; writers queue on a file lock, because SQLite's own
busy-wait starves (measured: p99 433 ms without the lock, 8 ms with it). PostgreSQL by URL; writers queue there
too, on an advisory lock: every change writes to one log, so they would wait for one another all the same, and
what a command has checked stays true until it commits. A reader sees one state from its first query to its last.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from gateway.settings import current

WRITERS = 0x51DE6A7E  # PostgreSQL: whoever writes holds this until the commit
POOL = 32  # connections of a process, at most; a thread needs one
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; naive datetimes are refused, aware ones come back aware on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value  # type: ignore[no-any-return]  # the driver's value is untyped
        return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]  # as above


class Base(DeclarativeBase):
    """Root of all tables; names of constraints are fixed so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012  # SQLAlchemy's own form


def new_id() -> str:
    """A fresh random public identifier: 16 characters, 80 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


@dataclass(frozen=True, slots=True)
class _Bound:
    """A database that this process is pointed at; replaced whole, as many threads look at it."""

    engine: Engine
    sessions: sessionmaker[Session]
    lock_file: Path | None


_bound: _Bound | None = None
_first_use = Lock()


def bind(url: str) -> Engine:
    """Point this process at a database. Replaces and closes an earlier one."""
    global _bound
    former, _bound = _bound, _opened(url)
    if former is not None:
        former.engine.dispose()
    return _bound.engine


def _opened(url: str) -> _Bound:
    if make_url(url).get_backend_name() == "postgresql":
        return _opened_postgresql(url)
    made, lock_file = create_engine(url), None
    if made.dialect.name == "sqlite":
        path = Path(made.url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock_file = path.with_name(path.name + ".lock")
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return _Bound(made, sessionmaker(made, expire_on_commit=False), lock_file)


def _opened_postgresql(url: str) -> _Bound:
    driven = make_url(url).set(drivername="postgresql+psycopg")
    made = create_engine(driven, pool_pre_ping=True, pool_size=POOL, max_overflow=0)
    return _Bound(made, sessionmaker(made, expire_on_commit=False), None)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, so that reads see one state
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "secure_delete=FAST",  # a destroyed key is not left in a page
    ):
        connection.execute(f"PRAGMA {pragma}")


def engine() -> Engine:
    """The engine of this process; bound to the settings' database at first use."""
    return _now_bound().engine


def _now_bound() -> _Bound:
    if _bound is None:
        with _first_use:
            if _bound is None:
                bind(current().database)
    assert _bound is not None
    return _bound


@contextmanager
def _writers_turn(bound: _Bound) -> Iterator[None]:
    if bound.lock_file is None:
        yield
        return
    with bound.lock_file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end of the block, or rolls back whole if the block raises.

    Only doors (pages, API, command line, job handlers) open one; commands get the session.
    Work to do after the commit is put in `session.info["after_commit"]` by `after_commit`.
    """
    bound = _now_bound()
    with _writers_turn(bound), bound.sessions() as session, session.begin():
        if bound.engine.dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS})
        yield session
    for work in session.info.pop("after_commit", []):
        work()


def after_commit(session: Session, work: Any) -> None:
    """Have `work()` called once the session's transaction has committed; never if it rolls back."""
    session.info.setdefault("after_commit", []).append(work)


@contextmanager
def reading() -> Iterator[Session]:
    """A session for queries; whatever it changed is rolled back. What it loaded stays readable afterwards."""
    bound = _now_bound()
    with bound.sessions() as session:
        if bound.engine.dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        yield session
        session.expunge_all()  # a rollback would empty the objects that were handed out
        session.rollback()
