"""DICOMweb at /releases/<id>/dicomweb: search and retrieval of what the manifest holds, and nothing else (PS3.18)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, after_this_request, request

from gateway import clock
from gateway.db import reading
from gateway.dicom.rope import Literal, Rope
from gateway.errors import Invalid
from gateway.release import qido, ranges, render, slide, visits
from gateway.release.accept import DICOM, choose, frame_types
from gateway.release.errors import NotInRelease, RangeNotSatisfiable
from gateway.release.models import ManifestEntry
from gateway.release.multipart import Part, related
from gateway.release.queries import Place, entries
from gateway.release.streams import Leased, Stream
from gateway.release.thumbnail import thumbnail as thumbnail_of
from gateway.release.visits import Visit
from gateway.settings import current
from gateway.trail.leases import Lease, open_lease
from gateway.trail.reads import How

DICOM_JSON = "application/dicom+json"
PRIVATE = "private, no-store"
MOST_FRAMES = 256  # frames in one request
FRAME_NUMBER = re.compile(r"0*[1-9][0-9]{0,9}")

dicomweb = Blueprint("dicomweb", __name__, url_prefix="/releases/<release_id>/dicomweb")
STUDY, SERIES = "/studies/<study>", "/studies/<study>/series/<series>"
INSTANCE = SERIES + "/instances/<uid>"


def _answer(body: bytes, media_type: str) -> Response:
    return Response(body, content_type=media_type, headers={"Cache-Control": PRIVATE})


def _json(value: Any) -> Response:
    choose(request.headers.get("Accept", ""), [DICOM_JSON, "application/json"])
    return _answer(json.dumps(value, separators=(",", ":")).encode(), DICOM_JSON)


def _lease(visit: Visit, entry: ManifestEntry, how: How) -> Lease:
    release = visit.release
    return open_lease(
        actor=visit.actor,
        project=release.project_id,
        release=release.id,
        instance=entry.uid,
        grant=release.grant_id,
        how=how,
        now=clock.now(),
        session=visit.session,
    )


# --- searching -------------------------------------------------------------------------------------------------


@dicomweb.get("/studies")
def studies(release_id: str) -> Response:
    """QIDO-RS: studies."""
    return _search(release_id, Place(), lambda entry: entry.study_uid, qido.study_facts)


@dicomweb.get("/series")
@dicomweb.get(STUDY + "/series")
def series(release_id: str, study: str = "") -> Response:
    """QIDO-RS: series, of all studies or of one."""
    return _search(release_id, Place(study), lambda entry: entry.series_uid, qido.series_facts)


@dicomweb.get("/instances")
@dicomweb.get(STUDY + "/instances")
@dicomweb.get(SERIES + "/instances")
def instances(release_id: str, study: str = "", series: str = "") -> Response:
    """QIDO-RS: instances, of all, of a study or of a series."""
    return _search(release_id, Place(study, series), lambda entry: entry.uid, qido.instance_facts)


def _search(
    release_id: str,
    place: Place,
    name: Callable[[ManifestEntry], str],
    facts_of: Callable[[list[ManifestEntry]], dict[str, Any]],
) -> Response:
    visit = visits.enter(release_id)
    search = qido.parsed(request.args)
    with reading() as db:
        found = visits.consenting(db, visit.release, entries(db, release_id, place))
    wanted = {name(entry) for entry in qido.matching(found, search)}
    groups = [group for group in qido.grouped(found, name) if name(group[0]) in wanted]
    page = groups[search.offset : search.offset + search.limit]
    return _json([qido.told(facts_of(group), _url(release_id, group[0], name)) for group in page])


def _url(release_id: str, entry: ManifestEntry, name: Callable[[ManifestEntry], str]) -> str:
    url = f"{current().base_url}/releases/{release_id}/dicomweb/studies/{entry.study_uid}"
    if name(entry) in (entry.series_uid, entry.uid):
        url += f"/series/{entry.series_uid}"
    return url + (f"/instances/{entry.uid}" if name(entry) == entry.uid else "")


# --- metadata --------------------------------------------------------------------------------------------------


@dicomweb.get(STUDY + "/metadata")
@dicomweb.get(SERIES + "/metadata")
@dicomweb.get(INSTANCE + "/metadata")
def metadata(release_id: str, study: str, series: str = "", uid: str = "") -> Response:
    """WADO-RS: the attributes of every instance below."""
    visit = visits.enter(release_id)
    told = []
    for entry in _below(visit, Place(study, series, uid)):
        with reading() as db, slide.opened(db, visit.pass_, visit.release, entry) as opened:
            lease = _lease(visit, entry, "metadata")
            told.append(opened.metadata)
        lease.close(0, "complete")
    return _json(told)


def _below(visit: Visit, place: Place) -> list[ManifestEntry]:
    with reading() as db:
        if place.instance:
            _at_its_place(visits.find(db, visit, place.instance), place, visit)
        found = visits.consenting(db, visit.release, entries(db, visit.release.id, place))
        with visits.recorded_refusal(visit.actor, visit.release):
            if not found:
                raise NotInRelease
    return found


def _at_its_place(entry: ManifestEntry, place: Place, visit: Visit) -> ManifestEntry:
    with visits.recorded_refusal(visit.actor, visit.release):
        if (entry.study_uid, entry.series_uid) != (place.study, place.series):
            raise NotInRelease
    return entry


# --- whole instances -------------------------------------------------------------------------------------------


@dicomweb.get(INSTANCE)
def instance(release_id: str, study: str, series: str, uid: str) -> Response:
    """WADO-RS: one instance, as a file of its own (with ranges) or as multipart."""
    visit = visits.enter(release_id)
    given = choose(request.headers.get("Accept", ""), [DICOM], _syntax(visit, uid))
    (entry,) = _below(visit, Place(study, series, uid))
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
        leased = Leased(_lease(visit, entry, "instance"), 0, opened.length)
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


def _syntax(visit: Visit, uid: str) -> str:
    with reading() as db:
        return visits.find(db, visit, uid).transfer_syntax


@dicomweb.get(STUDY)
@dicomweb.get(SERIES)
def all_instances(release_id: str, study: str, series: str = "") -> Response:
    """WADO-RS: every instance of a study or series, as multipart."""
    visit = visits.enter(release_id)
    choose(request.headers.get("Accept", ""), [DICOM], "*")
    return _many(visit, _below(visit, Place(study, series)))


def _many(visit: Visit, found: list[ManifestEntry]) -> Response:
    with ExitStack() as held:
        with reading() as db:
            slides = [held.enter_context(slide.opened(db, visit.pass_, visit.release, entry)) for entry in found]
        message = related([Part(DICOM, each.rope) for each in slides], DICOM)
        headers = {"Content-Length": str(message.rope.length), "Cache-Control": PRIVATE}
        if request.method == "HEAD":
            return Response(headers=headers, content_type=message.content_type)
        leased = [
            Leased(_lease(visit, entry, "instance"), start, stop)
            for entry, (start, stop) in zip(found, message.spans, strict=True)
        ]
        stream = Stream(message.rope, visit, leased, 0, message.rope.length, held.pop_all().close)
    return Response(stream, headers=headers, content_type=message.content_type, direct_passthrough=True)


# --- frames and pictures ---------------------------------------------------------------------------------------


def _numbers(text: str) -> list[int]:
    """Frame numbers from a path, counted from 1 there and from 0 here."""
    parts = text.split(",")
    if len(parts) > MOST_FRAMES or not all(FRAME_NUMBER.fullmatch(part) for part in parts):
        raise Invalid(f"Frames are named by numbers from 1, at most {MOST_FRAMES} in one request.")
    return [int(part) - 1 for part in parts]


def _frames(
    visit: Visit, place: Place, numbers: Iterable[int], how: How, give: Callable[[slide.Slide, int], bytes]
) -> list[bytes]:
    """What `give` makes of each frame, each entered in the journal before it leaves."""
    with reading() as db:
        entry = _at_its_place(visits.find(db, visit, place.instance), place, visit)
        with slide.opened(db, visit.pass_, visit.release, entry) as opened:
            if any(number >= opened.frame_count for number in numbers):
                with visits.recorded_refusal(visit.actor, visit.release, entry.uid):
                    raise NotInRelease("The instance has no frame of that number.")
            lease = _lease(visit, entry, how)
            bodies = [give(opened, number) for number in numbers]
    for number in numbers:
        lease.frame(number)
    lease.close(sum(map(len, bodies)), "complete")
    return bodies


@dicomweb.get(INSTANCE + "/frames/<numbers>")
def frames(release_id: str, study: str, series: str, uid: str, numbers: str) -> Response:
    """WADO-RS: frames as the archive has them, one as it is or several as multipart."""
    visit = visits.enter(release_id)
    asked = _numbers(numbers)
    syntax = _syntax(visit, uid)
    given = choose(request.headers.get("Accept", ""), frame_types(syntax), syntax)
    bodies = _frames(visit, Place(study, series, uid), asked, "frames", lambda opened, n: opened.frame(n))
    if len(bodies) == 1 and not given.multipart:
        return _answer(bodies[0], given.media_type)
    kind = f"{given.media_type}; transfer-syntax={syntax}"
    message = related([Part(kind, Rope([Literal(body)])) for body in bodies], given.media_type)
    return _answer(message.rope.read(0, message.rope.length), message.content_type)


@dicomweb.get(INSTANCE + "/rendered")
@dicomweb.get(INSTANCE + "/frames/<numbers>/rendered")
def rendered(release_id: str, study: str, series: str, uid: str, numbers: str = "1") -> Response:
    """WADO-RS: one frame as a picture."""
    visit = visits.enter(release_id)
    asked = _numbers(numbers)
    if len(asked) != 1:
        raise Invalid("One frame at a time can be rendered.")
    given = choose(request.headers.get("Accept", ""), ["image/jpeg", "image/png"])
    place = Place(study, series, uid)
    (body,) = _frames(visit, place, asked, "rendered", lambda s, n: render.rendered(s, n, given.media_type))
    return _answer(body, given.media_type)


@dicomweb.get(SERIES + "/thumbnail")
@dicomweb.get(INSTANCE + "/thumbnail")
@dicomweb.get(INSTANCE + "/frames/<_number>/thumbnail")
def thumbnail(release_id: str, study: str, series: str, uid: str = "", _number: str = "") -> Response:
    """WADO-RS: a small picture; of a slide, from its smallest level."""
    visit = visits.enter(release_id)
    given = choose(request.headers.get("Accept", ""), ["image/jpeg", "image/png"])
    found = _below(visit, Place(study, series, uid))
    if len(found) == 1 and found[0].frame_count > 1:
        found = _below(visit, Place(study, series))
    entry = min(found, key=lambda each: (each.frame_count, -each.position))
    lease = _lease(visit, entry, "rendered")
    with reading() as db, slide.opened(db, visit.pass_, visit.release, entry) as opened:
        picture, used = thumbnail_of(opened)
    for number in used:
        lease.frame(number)
    body = render.encoded(picture, given.media_type)
    lease.close(len(body), "complete")
    return _answer(body, given.media_type)
