"""Work that is done behind the pages: building the release of a new grant."""

from __future__ import annotations

from typing import Any

from gateway import clock
from gateway.catalogue.screening import screen_datasets
from gateway.db import reading, transaction
from gateway.errors import NotFound
from gateway.jobs.handlers import handler
from gateway.projects.models import Grant
from gateway.release.commands import build
from gateway.trail.record import SYSTEM


@handler("release.build")
def build_release(payload: Any) -> None:
    """Look at the pixels that must be looked at, then build the release of payload["grant_id"]; harmless twice."""
    with reading() as db:
        grant = db.get(Grant, payload["grant_id"])
        datasets = grant.dataset_ids if grant is not None else []
    screen_datasets(datasets, by=SYSTEM, now=clock.now())
    with transaction() as db:
        grant = db.get(Grant, payload["grant_id"])
        if grant is None:
            raise NotFound("There is no such grant.")
        build(db, by=SYSTEM, grant=grant, now=clock.now())
