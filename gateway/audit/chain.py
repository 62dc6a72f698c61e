"""Whether the log in the database is whole: each event follows from the last, and is what its columns say."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from gateway.audit import queries
from gateway.audit.verify import Chain, Fault, Head
from gateway.trail.chain import leaf_hash
from gateway.trail.record import found_by

FULL_CHECK_EVERY = timedelta(minutes=10)
COLUMNS = ("action", "project", "pseq", "subject")  # these repeat what the body says under the same name


@dataclass(frozen=True, slots=True)
class Status:
    """What a check of the chain found, and when every event was last looked at."""

    head: Head
    faults: tuple[Fault, ...]
    checked_at: datetime

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


_last: tuple[str, Status] | None = None
_checking = threading.Lock()


def check(db: Session) -> Chain:
    """Follow the chain from the first event to the last. Memory is constant; a million events take seconds."""
    chain = Chain()
    _follow(db, chain, queries.head(db))
    return chain


def status(db: Session, now: datetime) -> Status:
    """The state of the chain: all of it checked at most ten minutes ago, and what came since just now.

    The head that was seen last is remembered, so that a log cut off since then is found out.
    """
    global _last
    database = str(db.get_bind().engine.url)
    with _checking:
        known = _last[1] if _last is not None and _last[0] == database else None
        fresh = known is not None and known.whole and now - known.checked_at < FULL_CHECK_EVERY
        chain = Chain(start=known.head if known is not None and fresh else None)
        head = queries.head(db)
        if known is not None and not queries.holds(db, known.head):
            chain.fault("truncated", known.head.seq, f"event {known.head.seq}, seen before, is gone")
            head = known.head
        else:
            _follow(db, chain, head, numbered=not fresh)
        checked_at = known.checked_at if known is not None and fresh else now
        found = Status(head, tuple(chain.verdict.faults), checked_at)
        _last = (database, found)
        return found


def _follow(db: Session, chain: Chain, head: Head, *, numbered: bool = True) -> None:
    for row in queries.in_order(db, after=chain.verdict.head.seq, until=head.seq):
        chain.follow(row.seq, row.prev, row.hash, leaf_hash(row.body))
        if not _columns_agree(row):
            chain.fault("flipped", row.seq, f"what event {row.seq} is found by is not what it says")
        if numbered and row.project is not None:
            chain.numbered(row.project, row.pseq, row.seq)
    chain.end(head)


def _columns_agree(row: Row[Any]) -> bool:
    try:
        body = json.loads(row.body)
        who = body["actor"]
    except (ValueError, KeyError, TypeError):
        return False
    return (
        body["seq"] == row.seq
        and all(body.get(name) == getattr(row, name) for name in COLUMNS)
        and (who["kind"], who["id"]) == (row.actor_kind, row.actor_id)
        and datetime.fromisoformat(body["at"]) == row.at
        and all(getattr(row, name) == value for name, value in found_by(body["detail"]).items())
    )


def forget() -> None:
    """Check all of it at the next look; for whoever has reason to doubt."""
    global _last
    with _checking:
        _last = None
