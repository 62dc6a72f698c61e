"""The log as a page to print and sign: what was asked, and each event in words; no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

from gateway.audit.listing import Form, Listed, Listing

MEDIA_TYPE = "text/html; charset=utf-8"
STYLE = (
    "body{font:10pt/1.4 sans-serif;margin:2cm;color:#000}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:3pt 6pt;border-bottom:0.5pt solid #999;overflow-wrap:anywhere}"
    "thead{display:table-header-group}tr{break-inside:avoid}@page{size:A4 landscape;margin:15mm}"
    "@media print{body{margin:0}}"
)


def _top(listing: Listing) -> str:
    head, now = listing.head, listing.now
    asked = ", ".join(f"{name}: {value}" for name, value in listing.sought.search.told.items()) or "every event"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Audit report</title><style>{STYLE}</style>'
        f"</head><body><h1>Audit report</h1><p>Made on {now:%d %B %Y at %H:%M} UTC. Asked for: {escape(asked)}.</p>"
        f"<p>The log held {head.seq:,} events then; the hash of the last one is {escape(head.hash)}.</p>"
        "<table><thead><tr><th>No.</th><th>When (UTC)</th><th>Who</th><th>What</th><th>Project</th><th>Concerning</th>"
        "<th>Details</th></tr></thead><tbody>\n"
    )


def _rows(listed: Sequence[Listed]) -> str:
    return "".join([_row(each) for each in listed])


def _row(event: Listed) -> str:
    told = "; ".join([f"{key}: {value}" for key, value in event.detail.items() if type(value) not in (dict, list)])
    when = f"{event.at[:10]} {event.at[11:19]}"
    return (
        f"<tr><td>{int(event.seq):,}</td><td>{escape(when)}</td>"
        f"<td>{escape(event.name or event.account or event.kind)}</td>{_of(event.action, event.project)}"
        f"<td>{escape(event.instance or event.subject)}</td><td>{escape(told)}</td></tr>\n"
    )


@lru_cache(4096)
def _of(action: str, project: str) -> str:
    return f"<td>{escape(action)}</td><td>{escape(project)}</td>"


def _bottom(events: int) -> str:
    signed = "Checked by: ______________________ Date: ____________"
    return f"</tbody></table><p>{events:,} events. {signed}</p></body></html>\n"


FORM = Form(MEDIA_TYPE, _rows, _top, _bottom)
