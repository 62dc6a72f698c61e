"""QIDO-RS: studies, series and instances of a release (PS3.18 10.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from gateway.db import reading
from gateway.release import qido, visits
from gateway.release.answers import address, attributes, attributes_type, nothing
from gateway.release.models import ManifestEntry
from gateway.release.queries import Place, entries


def studies(release_id: str) -> Response:
    """QIDO-RS: studies."""
    return _search(release_id, Place(), lambda entry: entry.study_uid, qido.study_facts)


def series(release_id: str, study: str = "") -> Response:
    """QIDO-RS: series, of all studies or of one."""
    return _search(release_id, Place(study), lambda entry: entry.series_uid, qido.series_facts)


def instances(release_id: str, study: str = "", series: str = "") -> Response:
    """QIDO-RS: instances, of all, of a study or of a series."""
    return _search(release_id, Place(study, series), lambda entry: entry.uid, qido.instance_facts)


def _search(
    release_id: str,
    place: Place,
    name: Callable[[ManifestEntry], str],
    facts_of: Callable[[list[ManifestEntry], qido.Search], dict[str, Any]],
) -> Response:
    visit = visits.enter(release_id)
    media_type, search = attributes_type(), qido.parsed(request.args)
    with reading() as db:
        found = visits.consenting(db, visit.release, entries(db, release_id, place))
    wanted = {name(entry) for entry in qido.matching(found, search)}
    groups = [group for group in qido.grouped(found, name) if name(group[0]) in wanted]
    page = groups[search.offset : search.offset + search.limit]
    told = [qido.told(facts_of(group, search), _url(release_id, group[0], name)) for group in page]
    return _warned(attributes(told, media_type) if told else nothing(), search, len(groups))


def _warned(answer: Response, search: qido.Search, count: int) -> Response:
    """The answer with a warning for each thing that was not done as asked (PS3.18 8.3.4)."""
    exceeded = search.limit == qido.MOST and count > search.offset + search.limit
    for text in (*search.warnings, *([qido.TOO_MANY] if exceeded else [])):
        answer.headers.add("Warning", f'299 slidegate "{text}"')
    return answer


def _url(release_id: str, entry: ManifestEntry, name: Callable[[ManifestEntry], str]) -> str:
    if name(entry) == entry.uid:
        return address(release_id, entry.study_uid, entry.series_uid, entry.uid)
    return address(release_id, entry.study_uid, entry.series_uid if name(entry) == entry.series_uid else "")
