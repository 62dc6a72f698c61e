"""QIDO-RS: studies, series and instances of a release (PS3.18 10.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from gateway.release import facts, qido, visits
from gateway.release.answers import address, attributes, attributes_type, nothing, root, written
from gateway.release.models import ManifestEntry
from gateway.release.queries import START, Mark, Page, Place, entries_of


@dataclass(frozen=True, slots=True)
class Level:
    """What a search looks for: by which UID results are told apart, what is given of them, where it may look.

    `own` are the attributes that all instances of one result share.
    """

    name: Callable[[ManifestEntry], str]
    facts: Callable[[list[ManifestEntry], qido.Search], dict[str, Any]]
    uids: tuple[str, ...]
    own: tuple[str, ...]

    def narrowed(self, place: Place, search: qido.Search) -> Place:
        """The place without all that no result can lie in, where single UIDs are asked for."""
        asked = (search.only(tag) if tag in self.uids else "" for tag in (STUDY_UID, SERIES_UID, SOP_UID))
        study, series, instance = asked
        return Place(place.study or study, place.series or series, instance)


STUDY_UID, SERIES_UID, SOP_UID = "0020000D", "0020000E", "00080018"
OF_STUDY = (*facts.STUDY_LEVEL, *facts.MORE_OF_STUDY)
OF_SERIES = (*OF_STUDY, *facts.SERIES_LEVEL, *facts.MORE_OF_SERIES)
OF_INSTANCE = (*OF_SERIES, *facts.INSTANCE_LEVEL, *facts.MORE_OF_INSTANCE)
STUDIES = Level(lambda entry: entry.study_uid, qido.study_facts, (STUDY_UID,), OF_STUDY)
SERIES = Level(lambda entry: entry.series_uid, qido.series_facts, (STUDY_UID, SERIES_UID), OF_SERIES)
INSTANCES = Level(lambda entry: entry.uid, qido.instance_facts, (STUDY_UID, SERIES_UID, SOP_UID), OF_INSTANCE)


def studies(release_id: str) -> Response:
    """QIDO-RS: studies."""
    return _search(release_id, Place(), STUDIES)


def series(release_id: str, study: str = "") -> Response:
    """QIDO-RS: series, of all studies or of one."""
    return _search(release_id, Place(study), SERIES)


def instances(release_id: str, study: str = "", series: str = "") -> Response:
    """QIDO-RS: instances, of all, of a study or of a series."""
    return _search(release_id, Place(study, series), INSTANCES)


def _search(release_id: str, place: Place, level: Level) -> Response:
    visit = visits.enter(release_id)
    media_type, search = attributes_type(), qido.parsed(request.args)
    plain = level is INSTANCES and not search.matches  # each entry is a result
    skip = search.offset if plain and visits.unchanged(visit) else 0
    most = min(visits.PAGE, search.limit + 1) if plain else visits.PAGE
    where, own = level.narrowed(place, search), frozenset(level.own)
    texts, beside = search.texts(own), search.texts(frozenset(OF_INSTANCE) - own)

    def fetch(db: Session, mark: Mark) -> Sequence[ManifestEntry]:
        left_out = skip if mark == START else 0
        return entries_of(db, release_id, Page(where, mark, most, left_out, texts, beside))

    page = islice(qido.results(visits.paged(visit, fetch), search, level.name), search.offset - skip, None)
    bodies = [_told(release_id, group, search, level, media_type) for group in islice(page, search.limit)]
    warnings = list(search.warnings)
    if search.limit == qido.MOST and next(page, None) is not None:
        warnings.append(qido.TOO_MANY)
    answer = attributes(bodies, media_type) if bodies else nothing()
    for text in warnings:  # PS3.18 8.3.4.2
        answer.headers.add("Warning", f"299 {root(release_id)}: {text}")
    return answer


def _told(release_id: str, group: list[ManifestEntry], search: qido.Search, level: Level, media_type: str) -> bytes:
    entry = group[0]
    url = address(release_id, *(entry.study_uid, entry.series_uid, entry.uid)[: len(level.uids)])
    return written(qido.told(level.facts(group, search), url), media_type)
