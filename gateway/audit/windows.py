"""The log in windows of some thousand events, so that an export takes constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from gateway.audit import queries
from gateway.audit.search import EVERYTHING, Search
from gateway.audit.verify import Head
from gateway.trail.models import Opening

WINDOW = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the log on its way out. `shown` is false for one that the search does not match."""

    row: Row[Any]
    shown: bool
    openings: Mapping[str, Opening]


def entries(db: Session, search: Search, head: Head, *, named: bool) -> Iterator[Entry]:
    """Every event up to the head, oldest first, with its openings where people are to be named."""
    for after in range(0, head.seq, WINDOW):
        until = min(after + WINDOW, head.seq)
        wanted = None if search == EVERYTHING else queries.matching_seqs(db, search, after=after, until=until)
        opened = queries.openings(db, after=after, until=until) if named else {}
        for row in queries.in_order(db, after=after, until=until):
            yield Entry(row, wanted is None or row.seq in wanted, opened.get(row.seq, {}))
        db.expunge_all()
