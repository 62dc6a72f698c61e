"""WADO-RS metadata: the attributes of instances without their pixels (PS3.18 10.4.1.1.2)."""

from __future__ import annotations

import json

from flask import Response

from gateway.db import reading
from gateway.release import slide, visits
from gateway.release.accept import choose
from gateway.release.answers import accepted, answer
from gateway.release.queries import Place

DICOM_JSON = "application/dicom+json"


def metadata(release_id: str, study: str, series: str = "", uid: str = "") -> Response:
    """WADO-RS: the attributes of every instance below."""
    visit = visits.enter(release_id)
    told = []
    for entry in visits.below(visit, Place(study, series, uid)):
        with reading() as db, slide.opened(db, visit.pass_, visit.release, entry) as opened:
            lease = visits.lease(visit, entry, "metadata")
            told.append(opened.metadata)
        lease.close(0, "complete")
    choose(accepted(), [DICOM_JSON, "application/json"])
    return answer(json.dumps(told, separators=(",", ":")).encode(), DICOM_JSON)
