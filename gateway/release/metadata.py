"""WADO-RS metadata and bulk data: instances without their pixels (PS3.18 10.4.1.1.2 and 10.4.1.1.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response

from gateway.db import reading
from gateway.release import bulk, visits
from gateway.release.accept import OCTETS, alone, choose, in_parts
from gateway.release.answers import accepted, address, answer, attributes, attributes_type, parts, written
from gateway.release.errors import NotInRelease
from gateway.release.models import ManifestEntry
from gateway.release.queries import Place
from gateway.release.visits import Visit


def metadata(release_id: str, study: str, series: str = "", uid: str = "") -> Response:
    """WADO-RS: the attributes of every instance below, as JSON or XML."""
    visit = visits.enter(release_id)
    media_type = attributes_type()
    found = _headers(visit, Place(study, series, uid))
    bodies = [written(bulk.addressed(told, _bulk_url(release_id, entry)), media_type) for entry, told in found]
    return attributes(bodies, media_type)


def bulkdata(release_id: str, study: str, series: str = "", uid: str = "") -> Response:
    """WADO-RS: every binary value of the headers below."""
    visit = visits.enter(release_id)
    choose(accepted(), in_parts(OCTETS))
    found = _headers(visit, Place(study, series, uid))
    values = [(body, f"{_bulk_url(release_id, entry)}/{at}") for entry, told in found for at, body in bulk.values(told)]
    with visits.recorded_refusal(visit.actor, visit.release):
        if not values:
            raise NotInRelease("There are no binary values here.")
    return parts(values, OCTETS)


def bulkdata_value(release_id: str, study: str, series: str, uid: str, reference: str) -> Response:
    """WADO-RS: one binary value, at the address that metadata gave."""
    visit = visits.enter(release_id)
    given = choose(accepted(), [*alone(OCTETS), *in_parts(OCTETS)])
    ((entry, told),) = _headers(visit, Place(study, series, uid))
    body = bulk.value(told, reference)
    with visits.recorded_refusal(visit.actor, visit.release, entry.uid):
        if body is None:
            raise NotInRelease("The instance has no binary value there.")
    if given.multipart:
        return parts([(body, f"{_bulk_url(release_id, entry)}/{reference}")], OCTETS)
    return answer(body, OCTETS)


def _headers(visit: Visit, place: Place) -> Iterator[tuple[ManifestEntry, dict[str, Any]]]:
    """The attributes of each instance at a place, each under a lease of its own."""
    for entry in visits.below(visit, place):
        with reading() as db, visits.opened(db, visit, entry) as opened:
            lease = visits.lease(visit, entry, "metadata")
            told = opened.metadata
        lease.close(0, "complete")
        yield entry, told


def _bulk_url(release_id: str, entry: ManifestEntry) -> str:
    return address(release_id, entry.study_uid, entry.series_uid, entry.uid) + "/bulkdata"
