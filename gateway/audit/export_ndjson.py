"""The log as NDJSON: a header, then one line for each event; what `slidegate audit verify` checks offline.

Header  {"format", "made_at", "head": {"seq", "hash"}, "search": {...}, "named": bool}
Event   {"seq", "prev", "hash", "body": {...}, "openings": {field: {"salt", "value"}}}
Hidden  {"seq", "prev", "hash", "leaf"}      an event that the search does not match: the chain stays checkable
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.audit.queries import head as head_of
from gateway.audit.search import Search
from gateway.audit.verify import FORMAT
from gateway.audit.windows import Entry, entries
from gateway.trail.canonical import Json, canonical
from gateway.trail.chain import leaf_hash

MEDIA_TYPE = "application/x-ndjson"


def lines(db: Session, search: Search, *, named: bool, now: datetime) -> Iterator[str]:
    """The lines of an export, each with its newline. `named`: with the openings of personal fields."""
    head = head_of(db)
    header: Json = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "head": {"seq": head.seq, "hash": head.hash},
        "search": search.told,
        "named": named,
    }
    yield canonical(header) + "\n"
    for entry in entries(db, search, head, named=named):
        yield _line(entry)


def _line(entry: Entry) -> str:
    row = entry.row
    place = f'"hash":"{row.hash}","prev":"{row.prev}","seq":{row.seq}'
    if not entry.shown:
        return f'{{"leaf":"{leaf_hash(row.body)}",{place}}}\n'
    if not entry.openings:
        return f'{{"body":{row.body},{place}}}\n'
    opened = {name: {"salt": each.salt.hex(), "value": each.value} for name, each in entry.openings.items()}
    return f'{{"body":{row.body},{place},"openings":{json.dumps(opened, ensure_ascii=False)}}}\n'
