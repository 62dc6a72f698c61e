"""Work behind the pages: carrying out decisions, and looking again at what is stale or failed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway import clock
from gateway.catalogue.models import Dataset
from gateway.catalogue.screening import screen_datasets
from gateway.db import reading, transaction
from gateway.jobs.handlers import handler
from gateway.jobs.queue import enqueue
from gateway.screening.settling import settle
from gateway.trail.record import SYSTEM


@handler("screening.settle")
def carry_out(payload: Any) -> None:
    """Carry out the opinion payload["opinion"]; harmless twice."""
    settle(payload["opinion"], now=clock.now())


@handler("screening.rescan")
def rescan(_payload: Any) -> None:
    """Look at whatever nobody has looked at under the rules and models of now, and once more at what failed."""
    with reading() as db:
        datasets = list(db.scalars(select(Dataset.id)))
    screen_datasets(datasets, by=SYSTEM, now=clock.now(), again=True)
    with transaction() as db:
        enqueue(db, kind="release.refresh", payload={"instances": None}, now=clock.now())
