"""The log as CSV for a spreadsheet (RFC 4180, UTF-8). No cell can start a formula."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.audit.queries import head as head_of
from gateway.audit.search import Search
from gateway.audit.windows import Entry, entries
from gateway.web.spreadsheet import row

COLUMNS = (
    "seq", "at", "action", "actor_kind", "actor_id", "actor_name", "project", "pseq",
    "subject", "release", "instance", "lease", "detail", "hash",
)  # fmt: skip


def lines(db: Session, search: Search, *, named: bool, now: datetime) -> Iterator[str]:
    """The rows of an export, the names of the columns first. `named`: with the names of people."""
    yield row(COLUMNS)
    for entry in entries(db, search, head_of(db), named=named):
        if entry.shown:
            yield row(_cells(entry))


def _cells(entry: Entry) -> tuple[object, ...]:
    event = entry.row
    name = entry.openings.get("actor.name")
    detail = json.dumps(json.loads(event.body)["detail"], sort_keys=True, ensure_ascii=False)
    return (
        event.seq, event.at.isoformat(), event.action, event.actor_kind, event.actor_id, name.value if name else "",
        event.project, event.pseq, event.subject, event.release_id, event.instance_uid, event.lease_seq, detail,
        event.hash,
    )  # fmt: skip
