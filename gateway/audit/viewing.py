"""What pages and API do alike: a look at the log is written down, then taken; an export is streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TypeVar
from zipfile import ZIP_DEFLATED, ZipFile

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wsgi import wrap_file

from gateway.audit.answers import ANSWERS
from gateway.audit.bundle import FOR_READING, Asked, write
from gateway.audit.commands import note_export, note_search
from gateway.audit.exports import FORMATS
from gateway.audit.search import Search
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people.access import actor
from gateway.settings import current
from gateway.trail.sequencer import sequence

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

    pieces = _pieces(lambda db: lines(db, search, named=True, now=moment))
    return _download(Response(pieces, content_type=media_type), f"audit-{moment:%Y%m%dT%H%M%SZ}.{form}")


def answered(search: Search, form: str) -> Response:
    """The answer to a question about reads as a download, streamed; on the record before its first byte."""
    lines, media_type = ANSWERS[form]
    moment = now()
    with transaction() as db:
        note_export(db, by=actor(), search=search, form=f"answer.{form}", named=True, now=moment)
    pieces = _pieces(lambda db: lines(db, search, now=moment))
    return _download(Response(pieces, content_type=media_type), f"answer-{moment:%Y%m%dT%H%M%SZ}.{form}")


def _pieces(lines: Callable[[Session], Iterator[str]]) -> Iterator[str]:
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


def bundled(search: Search) -> Response:
    """A bundle for `slidegate-verify` as a zip file, under a checkpoint made now; on the record before that."""
    moment = now()
    with transaction() as db:
        note_export(db, by=actor(), search=search, form="bundle", named=True, now=moment)
    sequence(now=moment)
    zipped = TemporaryFile(dir=current().data_dir)  # noqa: SIM115  # closed with the response
    with TemporaryDirectory(dir=current().data_dir) as folder:
        with reading() as db:
            write(
                db,
                Path(folder),
                Asked(search, FOR_READING, named=True, now=moment),
            )
        with ZipFile(zipped, "w", ZIP_DEFLATED, compresslevel=1) as bundle:
            for path in sorted(Path(folder).iterdir()):
                bundle.write(path, path.name)
    zipped.seek(0)
    response = Response(wrap_file(request.environ, zipped, PIECE), content_type="application/zip")
    return _download(response, f"audit-{moment:%Y%m%dT%H%M%SZ}.zip")


def _download(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
