"""What pages and API do alike: a look at the log is written down, then taken; an export is streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from flask import Response
from sqlalchemy.orm import Session

from gateway.audit import contents, queries
from gateway.audit.answers import ANSWERS
from gateway.audit.commands import exporting, searching
from gateway.audit.exports import FORMATS, pieces
from gateway.audit.packing import packed
from gateway.audit.search import Search
from gateway.audit.spool import noted
from gateway.clock import now
from gateway.db import reading
from gateway.people.access import actor
from gateway.trail.sequencer import sequence

T = TypeVar("T")
PIECE = 64 * 1024


def looked(search: Search, what: str, question: Callable[[Session], T]) -> T:
    """The answer to a question of the log, after the look itself is on the record."""
    noted(searching(by=actor(), search=search, what=what, now=now()))
    with reading() as db:
        return question(db)


def exported(search: Search, form: str) -> Response:
    """A download in one of the FORMATS, streamed in constant memory; on the record before its first byte."""
    moment = now()
    noted(exporting(by=actor(), search=search, form=form, named=True, now=moment))
    made = _filled(lambda db: pieces(db, form, search, named=True, now=moment))
    return _download(Response(made, content_type=FORMATS[form]), f"audit-{moment:%Y%m%dT%H%M%SZ}.{form}")


def answered(search: Search, form: str) -> Response:
    """The answer to a question about reads as a download, streamed; on the record before its first byte."""
    lines, media_type = ANSWERS[form]
    moment = now()
    noted(exporting(by=actor(), search=search, form=f"answer.{form}", named=True, now=moment))
    made = _filled(lambda db: lines(db, search, now=moment, until=queries.head(db).seq))
    return _download(Response(made, content_type=media_type), f"answer-{moment:%Y%m%dT%H%M%SZ}.{form}")


def bundled(search: Search, forms: tuple[str, ...]) -> Response:
    """A bundle for `slidegate-verify` as a zip file, under a checkpoint made now; on the record before that.

    Sent while it is made, in constant memory.
    """
    moment = now()
    noted(exporting(by=actor(), search=search, form="bundle", named=True, now=moment))
    sequence(now=moment)

    def zipped() -> Iterator[bytes]:
        with reading() as db:
            yield from packed(db, contents.begun(db, contents.Asked(search, forms, named=True, now=moment)))

    return _download(Response(zipped(), content_type="application/zip"), f"audit-{moment:%Y%m%dT%H%M%SZ}.zip")


def _filled(lines: Callable[[Session], Iterator[str]]) -> Iterator[str]:
    """The same text in pieces that are worth sending."""
    with reading() as db:
        waiting: list[str] = []
        size = 0
        for line in lines(db):
            waiting.append(line)
            size += len(line)
            if size >= PIECE:
                yield "".join(waiting)
                waiting, size = [], 0
        yield "".join(waiting)


def _download(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
