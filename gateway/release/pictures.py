"""WADO-RS rendered: frames and slides as pictures (PS3.18 10.4.1.1.3 and 10.4.1.1.4)."""

from __future__ import annotations

from flask import Response, request

from gateway.db import reading
from gateway.errors import Invalid
from gateway.release import render, slide, tiles, visits
from gateway.release.accept import Given, alone, choose, in_parts
from gateway.release.answers import accepted, answer, parts
from gateway.release.frames import numbered, taken
from gateway.release.presentation import Presentation, Viewport, presented, viewport
from gateway.release.queries import Place
from gateway.release.thumbnail import SIDE, sources
from gateway.release.thumbnail import thumbnail as thumbnail_of
from gateway.release.visits import Visit

PICTURES = ("image/jpeg", "image/png")
MOST_PICTURES = 32  # in one request


class TooManyPictures(Invalid):
    """More than one answer can hold (PS3.18 10.4.3.1)."""

    code = "too-many-pictures"
    status = 413
    title = f"At most {MOST_PICTURES} pictures can be had in one request"


def rendered(release_id: str, study: str, series: str = "", uid: str = "", numbers: str = "1") -> Response:
    """WADO-RS: frames as pictures; of an instance its first frame, of a series or study those of its instances."""
    visit = visits.enter(release_id)
    asked = numbered(numbers)
    one = bool(uid) and len(asked) == 1
    given = choose(accepted(), [*(alone(*PICTURES) if one else ()), *in_parts(*PICTURES)])
    wanted = presented(request.args)
    places = [Place(study, series, uid)] if uid else _instances(visit, Place(study, series))
    if len(asked) > MOST_PICTURES or len(places) > MOST_PICTURES:
        raise TooManyPictures
    bodies = [
        body
        for place in places
        for body in taken(visit, place, asked, "rendered", lambda s, n: _tile(visit, s, n, given.media_type, wanted))
    ]
    return _pictures(bodies, given)


def _instances(visit: Visit, place: Place) -> list[Place]:
    return [Place(each.study_uid, each.series_uid, each.uid) for each in visits.below(visit, place)]


def _pictures(bodies: list[bytes], given: Given) -> Response:
    if given.multipart:
        return parts([(body, "") for body in bodies], given.media_type)
    (body,) = bodies
    return answer(body, given.media_type)


def _tile(visit: Visit, opened: slide.Slide, number: int, media_type: str, wanted: Presentation) -> bytes:
    """A frame as it is, or drawn; what is drawn is kept for as long as the grant and all consents stay as they are."""
    whole = render.untouched(opened, number, media_type, wanted)
    if whole is not None:
        return whole
    key = f"{opened.etag} {number} {media_type} {wanted}"
    return tiles.kept(_access(visit), key, lambda: render.drawn(opened, number, media_type, wanted))


def _access(visit: Visit) -> tiles.Access:
    return tiles.Access(visit.pass_.grant_id, visit.pass_.epoch, visit.consent_epoch)


def thumbnail(release_id: str, study: str, series: str = "", uid: str = "", numbers: str = "") -> Response:
    """WADO-RS: a small picture; of a slide, from its smallest level."""
    visit = visits.enter(release_id)
    given = choose(accepted(), [*alone(*PICTURES), *in_parts(*PICTURES)])
    asked = request.args.get("viewport")
    size = viewport(asked) if asked else Viewport(SIDE, SIDE)
    if numbers:
        if len(found := numbered(numbers)) > 1:
            raise Invalid("A thumbnail is of one frame.")
        wanted = Presentation(viewport=size)
        return _pictures(
            taken(visit, Place(study, series, uid), found, "rendered",
                  lambda s, n: _tile(visit, s, n, given.media_type, wanted)),
            given,
        )  # fmt: skip
    body = _of_a_slide(visit, Place(study, series, uid), size, given.media_type)
    return _pictures([body], given)


def _of_a_slide(visit: Visit, place: Place, size: Viewport, media_type: str) -> bytes:
    found = visits.below(visit, place)
    if len(found) == 1 and found[0].frame_count > 1:
        found = visits.below(visit, Place(place.study, found[0].series_uid))
    entry = min(found, key=lambda each: (each.frame_count, -each.position))
    with (
        reading() as db,
        visits.opened(db, visit, entry) as opened,
        visits.leased(visit, entry, "rendered") as lease,
    ):
        key = f"{opened.etag} thumbnail {media_type} {size}"
        body = tiles.kept(
            _access(visit), key, lambda: render.encoded(thumbnail_of(opened, (size.width, size.height)), media_type)
        )
        for number in sources(opened):
            lease.frame(number)
        lease.close(len(body), "complete")
    return body
