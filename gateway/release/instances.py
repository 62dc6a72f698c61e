"""WADO-RS: whole instances, one as a file or many as multipart (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Response, after_this_request, request

from gateway.db import reading
from gateway.release import ranges, slide, visits
from gateway.release.accept import DICOM, alone, choose, in_parts
from gateway.release.answers import PRIVATE, accepted
from gateway.release.bundle import Bundle, Wrapping
from gateway.release.errors import NotTheSame, RangeNotSatisfiable
from gateway.release.multipart import Instances
from gateway.release.queries import Place
from gateway.release.streams import Leased, Stream, Watch, wire_of
from gateway.release.tar import Tar
from gateway.release.visits import Visit
from gateway.release.zip import Zip


def instance(release_id: str, study: str, series: str, uid: str) -> Response:
    """WADO-RS: one instance, as a file of its own (with ranges) or as multipart."""
    visit = visits.enter(release_id)
    given = choose(accepted(), [*alone(DICOM), *in_parts(DICOM)], visits.syntax_of(visit, uid))
    (entry,) = visits.below(visit, Place(study, series, uid))
    if given.multipart:
        return _bundle(visit, Place(study, series, uid), Instances(DICOM))
    with ExitStack() as held:
        with reading() as db:
            opened = held.enter_context(visits.opened(db, visit, entry))
        if (unmet := _unmet(opened.etag)) is not None:
            return unmet
        span = _span(opened) if request.method == "GET" else None  # RFC 9110 14.2: ranges are of GET only
        start, stop = span or (0, opened.length)
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": f'"{opened.etag}"',
            "Content-Length": str(stop - start),
            "Content-Disposition": f'attachment; filename="{entry.uid}.dcm"',
            "Cache-Control": PRIVATE,
        }
        kind = f"{DICOM}; transfer-syntax={entry.transfer_syntax}"  # PS3.18 8.7.9
        if span:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{opened.length}"
        if request.method == "HEAD":
            return Response(headers=headers, content_type=kind)
        leased = Leased(visits.lease(visit, entry, "instance"), [(0, opened.length)])
        wire = wire_of(request.environ)
        stream = Stream(opened.rope, Watch(visit), leased, start, stop, held.pop_all().close, wire)
    return Response(stream, status=206 if span else 200, headers=headers, content_type=kind, direct_passthrough=True)


def _unmet(etag: str) -> Response | None:
    """The answer if a condition of the request does not hold (RFC 9110 13.1.1, 13.1.2)."""
    if request.if_match and not request.if_match.contains(etag):
        raise NotTheSame
    if request.if_none_match.contains_weak(etag):
        return Response(status=304, headers={"ETag": f'"{etag}"', "Cache-Control": PRIVATE})
    return None


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
    place = Place(study, series)
    syntaxes = {entry.transfer_syntax for entry in visits.below(visit, place)}
    choose(accepted(), in_parts(DICOM), syntaxes.pop() if len(syntaxes) == 1 else "*")
    return _bundle(visit, place, Instances(DICOM))


def download(release_id: str, suffix: str, study: str = "", series: str = "") -> Response:
    """All instances of the release, a study or a series as one tar or zip file, with their SHA-256."""
    visit = visits.enter(release_id)
    place = Place(study, series)
    if study:
        visits.below(visit, place)
    wrapping = Zip(visit.release) if suffix == Zip.suffix else Tar(visit.release)
    answer = _bundle(visit, place, wrapping)
    name = series or study or f"release-{visit.release.id}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    return answer


def _bundle(visit: Visit, place: Place, wrapping: Wrapping) -> Response:
    headers = {"Content-Length": str(wrapping.length(visits.sizes(visit, place))), "Cache-Control": PRIVATE}
    if request.method == "HEAD":
        wrapping.close()
        return Response(headers=headers, content_type=wrapping.content_type)
    bundle = Bundle(visit, wrapping, visits.walk(visit, place))
    bundle.begin()
    return Response(bundle, headers=headers, content_type=wrapping.content_type, direct_passthrough=True)
