"""The log as CSV for a spreadsheet (RFC 4180, UTF-8). No cell can start a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.audit.queries import head as head_of
from gateway.audit.search import Search
from gateway.audit.windows import Entry, entries

MEDIA_TYPE = "text/csv; charset=utf-8"
COLUMNS = (
    "seq", "at", "action", "actor_kind", "actor_id", "actor_name", "project", "pseq",
    "subject", "release", "instance", "lease", "detail", "hash",
)  # fmt: skip
LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet may take for a formula


def lines(db: Session, search: Search, *, named: bool, now: datetime) -> Iterator[str]:
    """The rows of an export, the names of the columns first. `named`: with the names of people."""
    yield _row(COLUMNS)
    for entry in entries(db, search, head_of(db), named=named):
        if entry.shown:
            yield _row(_cells(entry))


def inert(value: object) -> str:
    """A cell's text, with an apostrophe before what a spreadsheet might take for a formula."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(LIVE) else text


def _cells(entry: Entry) -> tuple[object, ...]:
    row = entry.row
    name = entry.openings.get("actor.name")
    detail = json.dumps(json.loads(row.body)["detail"], sort_keys=True, ensure_ascii=False)
    return (
        row.seq, row.at.isoformat(), row.action, row.actor_kind, row.actor_id, name.value if name else "",
        row.project, row.pseq, row.subject, row.release_id, row.instance_uid, row.lease_seq, detail, row.hash,
    )  # fmt: skip


def _row(cells: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([inert(cell) for cell in cells])
    return out.getvalue()
