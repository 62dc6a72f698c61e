"""Work that is done behind the pages: building the release of a new grant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway import clock
from gateway.catalogue.screening import screen_datasets
from gateway.catalogue.seen import stale
from gateway.db import reading, transaction
from gateway.jobs.handlers import READER, handler
from gateway.jobs.queries import is_open
from gateway.jobs.queue import enqueue
from gateway.jobs.rounds import go_round
from gateway.pixels.rules import load_rules
from gateway.projects.models import Grant
from gateway.release.building import build
from gateway.release.delivering import KIND, deliver
from gateway.release.governing import outdated
from gateway.release.refreshing import living, refresh
from gateway.settings import current
from gateway.trail.record import SYSTEM

REFRESH = "release.refresh"


@handler("release.build", needs=READER)
def build_release(payload: Any) -> None:
    """Look at the pixels that must be looked at, then build the release of payload["grant_id"]; harmless twice."""
    with reading() as db:
        grant = db.get(Grant, payload["grant_id"])
        datasets = grant.dataset_ids if grant is not None else []
    screen_datasets(datasets, by=SYSTEM, now=clock.now())
    build(by=SYSTEM, grant_id=payload["grant_id"], now=clock.now())


@handler(KIND)
def deliver_release(payload: Any) -> None:
    """Write what is missing of one band of a delivery; harmless twice."""
    deliver(payload["delivery"], payload["first"])


@go_round(every=300)
def follow(now: datetime) -> None:
    """Have releases follow the rules and models of now, once everything has been looked at under these."""
    rules = load_rules(current().policies_dir)
    with transaction() as db:
        if stale(db, rules) or is_open(db, "screening.rescan") or is_open(db, REFRESH):
            return
        if any(outdated(release, rules) for release in living(db, now)):
            enqueue(db, kind=REFRESH, payload={"instances": None}, now=now)


@handler(REFRESH)
def refresh_releases(payload: Any) -> None:
    """Decide anew on payload["instances"], or on what is out of date, in every release that lives; harmless twice."""
    with reading() as db:
        releases = living(db, clock.now())
    for each in releases:
        refresh(by=SYSTEM, release=each, instances=payload["instances"], now=clock.now())
