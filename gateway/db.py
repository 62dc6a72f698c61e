"""The database: one engine for each process, and the two ways in: `transaction()` and `reading()`.

SQLite (WAL, synchronous=FULL) by default; writers queue on a file lock, because SQLite's own
busy-wait starves (measured: p99 433 ms without the lock, 8 ms with it). PostgreSQL by URL; writers queue there
too, on an advisory lock: every change writes to one log, so they would wait for one another all the same, and
what a command has checked stays true until it commits. A reader sees one state from its first query to its last.
Nobody waits for ever: `turns.at_most` says how long, and then it is DatabaseBusy.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from gateway import turns
from gateway.settings import current

WRITERS = 0x51DE6A7E  # PostgreSQL: whoever writes holds this until the commit
POOL = 32  # connections of a process, at most; a thread needs one
NET = {"connect_timeout": "5", "keepalives_idle": "10", "keepalives_interval": "3", "keepalives_count": "3",
       "tcp_user_timeout": "15000", "options": "-c statement_timeout=60s"}  # fmt: skip  # of PostgreSQL (libpq 34.1.2)
DENIED = {
    "55P03": turns.DatabaseBusy,
    "57014": turns.DatabaseBusy,
    "25006": turns.Unwritable,
    "53100": turns.Unwritable,
}
REFUSED = (("locked", turns.DatabaseBusy), ("readonly", turns.Unwritable), ("disk", turns.Unwritable))  # SQLite's words
TAKE_TURN = "SELECT set_config('lock_timeout', :wait, true), pg_advisory_xact_lock(:key)"
TAKE_TIME = "SELECT set_config('statement_timeout', :most, true)"
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


def one_of(column: str, values: type[StrEnum]) -> str:
    """The condition that a column holds one of these values."""
    return f"{column} in ({', '.join(repr(each.value) for each in values)})"


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
    asked = make_url(url)
    driven = asked.set(drivername="postgresql+psycopg", query={**NET, **asked.query})
    made = create_engine(driven, pool_pre_ping=True, pool_size=POOL, max_overflow=0, pool_timeout=turns.USUAL)
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
def transaction() -> Iterator[Session]:
    """A session that commits at the end of the block, or rolls back whole if the block raises.

    Only doors (pages, API, command line, job handlers) open one; commands get the session.
    Work to do after the commit is put in `session.info["after_commit"]` by `after_commit`.
    Raises DatabaseBusy or Unwritable (`turns`), or what the database raises when it is away.
    """
    bound = _now_bound()
    with _told_plainly(), _writers_turn(bound), bound.sessions() as session, session.begin():
        _in_time(bound, session)
        yield session
    for work in session.info.pop("after_commit", []):
        work()


def _writers_turn(bound: _Bound) -> AbstractContextManager[None]:
    return nullcontext() if bound.lock_file is None else turns.turn(bound.lock_file)


def _in_time(bound: _Bound, session: Session) -> None:
    """Bound what this transaction may wait for; on PostgreSQL also take its turn."""
    wait = int(turns.longest() * 1000)
    if bound.lock_file is not None:
        session.connection().exec_driver_sql(f"PRAGMA busy_timeout={wait}")
    elif bound.engine.dialect.name == "postgresql":
        _take_time(session)
        session.execute(text(TAKE_TURN), {"wait": f"{wait}ms", "key": WRITERS})


def _take_time(session: Session) -> None:
    """Let those who wait long for their turn have statements that take as long."""
    if turns.longest() > turns.USUAL:
        session.execute(text(TAKE_TIME), {"most": f"{turns.longest():.0f}s"})


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What the database says of a lock that is not given, and of a store that takes nothing, in our own errors."""
    try:
        yield
    except DBAPIError as error:
        known = DENIED.get(getattr(error.orig, "sqlstate", None) or "")
        if known is None and isinstance(error, OperationalError):
            known = next((kind for word, kind in REFUSED if word in str(error.orig)), None)
        if known is None:
            raise
        raise known from error


def after_commit(session: Session, work: Any) -> None:
    """Have `work()` called once the session's transaction has committed; never if it rolls back."""
    session.info.setdefault("after_commit", []).append(work)


def leave_no_trace(session: Session) -> None:
    """What this transaction deletes or overwrites from now on is left in no free page, and not in the journal.

    Of SQLite: PostgreSQL frees old rows by itself (autovacuum) and has no such switch.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.flush()
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
        after_commit(session, _empty_the_journal)


def _empty_the_journal() -> None:
    """Write the journal back; as much of it as no reader holds on to."""
    raw = engine().raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


@contextmanager
def reading() -> Iterator[Session]:
    """A session for queries; whatever it changed is rolled back. What it loaded stays readable afterwards."""
    bound = _now_bound()
    with bound.sessions() as session:
        if bound.engine.dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
            _take_time(session)
        yield session
        session.expunge_all()  # a rollback would empty the objects that were handed out
        session.rollback()
