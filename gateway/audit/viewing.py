"""What pages and API do alike: a look at the log is written down, then taken; an export is streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from flask import Response
from sqlalchemy.orm import Session

from gateway.audit.commands import note_export, note_search
from gateway.audit.exports import FORMATS
from gateway.audit.search import Search
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people.access import actor

T = TypeVar("T")
PIECE = 64 * 1024


def looked(search: Search, what: str, question: Callable[[Session], T]) -> T:
    """The answer to a question of the log, after the look itself is on the record."""
    with transaction() as db:
        note_search(db, by=actor(), search=search, what=what, now=now())
    with reading() as db:
        return question(db)


def exported(search: Search, form: str) -> Response:
    """A download in one of the FORMATS, streamed in constant memory; on the record before its first byte."""
    lines, media_type = FORMATS[form]
    moment = now()
    with transaction() as db:
        note_export(db, by=actor(), search=search, form=form, named=True, now=moment)

    def pieces() -> Iterator[str]:
        with reading() as db:
            waiting: list[str] = []
            size = 0
            for line in lines(db, search, named=True, now=moment):
                waiting.append(line)
                size += len(line)
                if size >= PIECE:
                    yield "".join(waiting)
                    waiting, size = [], 0
            yield "".join(waiting)

    response = Response(pieces(), content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{moment:%Y%m%dT%H%M%SZ}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    return response
