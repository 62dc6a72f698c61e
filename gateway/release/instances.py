"""WADO-RS: whole instances, one as a file or many as multipart (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Response, after_this_request, request

from gateway.db import reading
from gateway.release import ranges, slide, visits
from gateway.release.accept import DICOM, choose
from gateway.release.answers import PRIVATE, accepted
from gateway.release.errors import RangeNotSatisfiable
from gateway.release.models import ManifestEntry
from gateway.release.multipart import Part, related
from gateway.release.queries import Place
from gateway.release.streams import Leased, Stream
from gateway.release.visits import Visit


def instance(release_id: str, study: str, series: str, uid: str) -> Response:
    """WADO-RS: one instance, as a file of its own (with ranges) or as multipart."""
    visit = visits.enter(release_id)
    given = choose(accepted(), [DICOM], visits.syntax_of(visit, uid))
    (entry,) = visits.below(visit, Place(study, series, uid))
    if given.multipart:
        return _many(visit, [entry])
    with ExitStack() as held:
        with reading() as db:
            opened = held.enter_context(slide.opened(db, visit.pass_, visit.release, entry))
        span = _span(opened) if request.method == "GET" else None  # RFC 9110 14.2: ranges are of GET only
        start, stop = span or (0, opened.length)
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": f'"{opened.etag}"',
            "Content-Length": str(stop - start),
            "Content-Disposition": f'attachment; filename="{entry.uid}.dcm"',
            "Cache-Control": PRIVATE,
        }
        if span:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{opened.length}"
        if request.method == "HEAD":
            return Response(headers=headers, content_type=DICOM)
        leased = Leased(visits.lease(visit, entry, "instance"), 0, opened.length)
        stream = Stream(opened.rope, visit, [leased], start, stop, held.pop_all().close)
    return Response(stream, status=206 if span else 200, headers=headers, content_type=DICOM, direct_passthrough=True)


def _span(opened: slide.Slide) -> tuple[int, int] | None:
    try:
        return ranges.asked(request.headers, length=opened.length, etag=opened.etag)
    except RangeNotSatisfiable:
        length = opened.length

        @after_this_request
        def tell_the_length(answer: Response) -> Response:
            answer.headers["Content-Range"] = f"bytes */{length}"
            return answer

        raise


def all_instances(release_id: str, study: str, series: str = "") -> Response:
    """WADO-RS: every instance of a study or series, as multipart."""
    visit = visits.enter(release_id)
    choose(accepted(), [DICOM], "*")
    return _many(visit, visits.below(visit, Place(study, series)))


def _many(visit: Visit, found: list[ManifestEntry]) -> Response:
    with ExitStack() as held:
        with reading() as db:
            slides = [held.enter_context(slide.opened(db, visit.pass_, visit.release, entry)) for entry in found]
        message = related([Part(DICOM, each.rope) for each in slides], DICOM)
        headers = {"Content-Length": str(message.rope.length), "Cache-Control": PRIVATE}
        if request.method == "HEAD":
            return Response(headers=headers, content_type=message.content_type)
        leased = [
            Leased(visits.lease(visit, entry, "instance"), start, stop)
            for entry, (start, stop) in zip(found, message.spans, strict=True)
        ]
        stream = Stream(message.rope, visit, leased, 0, message.rope.length, held.pop_all().close)
    return Response(stream, headers=headers, content_type=message.content_type, direct_passthrough=True)
