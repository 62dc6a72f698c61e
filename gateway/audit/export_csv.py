"""The log as CSV for a spreadsheet (RFC 4180, UTF-8). No cell can start a formula."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.audit.listing import Form, Listed, Listing
from gateway.web import spreadsheet

COLUMNS = (
    "seq", "at", "action", "actor_kind", "actor_id", "actor_name", "project", "pseq",
    "subject", "release", "instance", "lease", "detail", "hash",
)  # fmt: skip


def _top(_listing: Listing) -> str:
    return spreadsheet.row(COLUMNS)


def _rows(listed: Sequence[Listed]) -> str:
    return spreadsheet.rows([each[:14] for each in listed])


FORM = Form(spreadsheet.MEDIA_TYPE, _rows, _top)
