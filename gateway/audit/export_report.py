"""The log as a page to print and sign: what was asked, and each event in words; no script, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from html import escape

from sqlalchemy.orm import Session

from gateway.audit.queries import head as head_of
from gateway.audit.search import Search
from gateway.audit.windows import Entry, entries

MEDIA_TYPE = "text/html; charset=utf-8"
STYLE = (
    "body{font:10pt/1.4 sans-serif;margin:2cm;color:#000}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:3pt 6pt;border-bottom:0.5pt solid #999;overflow-wrap:anywhere}"
    "thead{display:table-header-group}tr{break-inside:avoid}@page{size:A4 landscape;margin:15mm}"
    "@media print{body{margin:0}}"
)


def lines(db: Session, search: Search, *, named: bool, now: datetime) -> Iterator[str]:
    """The page, piece by piece. `named`: with the names of people."""
    head = head_of(db)
    asked = ", ".join(f"{name}: {value}" for name, value in search.told.items()) or "every event"
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Audit report</title><style>{STYLE}</style>'
        f"</head><body><h1>Audit report</h1><p>Made on {now:%d %B %Y at %H:%M} UTC. Asked for: {escape(asked)}.</p>"
        f"<p>The log held {head.seq:,} events then; the hash of the last one is {escape(head.hash)}.</p>"
        "<table><thead><tr><th>No.</th><th>When (UTC)</th><th>Who</th><th>What</th><th>Project</th><th>Concerning</th>"
        "<th>Details</th></tr></thead><tbody>\n"
    )
    count = 0
    for entry in entries(db, search, head, named=named):
        if entry.shown:
            count += 1
            yield _row(entry)
    signed = "Checked by: ______________________ Date: ____________"
    yield f"</tbody></table><p>{count:,} events. {signed}</p></body></html>\n"


def _row(entry: Entry) -> str:
    row, name = entry.row, entry.openings.get("actor.name")
    detail = json.loads(row.body)["detail"]
    told = "; ".join(f"{key}: {value}" for key, value in detail.items() if not isinstance(value, dict | list))
    who = name.value if name else row.actor_id or row.actor_kind
    concerning = row.instance_uid or row.subject or ""
    cells = (f"{row.seq:,}", f"{row.at:%Y-%m-%d %H:%M:%S}", who, row.action, row.project or "", concerning, told)
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>\n"
