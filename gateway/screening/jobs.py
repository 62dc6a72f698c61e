"""Work behind the pages: carrying out decisions, and looking again at what is stale or failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from gateway import clock
from gateway.catalogue.models import Dataset
from gateway.catalogue.screening import screen_datasets
from gateway.db import reading, transaction
from gateway.jobs.handlers import READER, handler
from gateway.jobs.queue import enqueue
from gateway.jobs.rounds import go_round
from gateway.screening import commands
from gateway.screening.settling import settle
from gateway.trail.record import SYSTEM


@handler("screening.settle")
def carry_out(payload: Any) -> None:
    """Carry out the opinion payload["opinion"]; harmless twice."""
    settle(payload["opinion"], now=clock.now())


@go_round(every=300)
def keep_up(now: datetime) -> None:
    """Nobody has to press a button: what is out of date is looked at, and what failed is tried again in its time."""
    with transaction() as db:
        commands.keep_up(db, by=SYSTEM, now=now)


@handler(commands.RESCAN, needs=READER)
def rescan(payload: Any) -> None:
    """Look at whatever nobody has looked at under the rules and models of now, and once more at what failed.

    At all that failed if payload["again"], else at what is due. One dataset for each item, so that what else waits for
    a reader has its turn: payload["left"] are those to come. Then releases follow.
    """
    with reading() as db:
        datasets = payload.get("left") or list(db.scalars(select(Dataset.id).order_by(Dataset.id)))
    left = datasets[1:]
    screen_datasets(datasets[:1], by=SYSTEM, now=clock.now(), again=payload["again"])
    with transaction() as db:
        if left:
            enqueue(db, kind=commands.RESCAN, payload={**payload, "left": left}, now=clock.now())
        else:
            enqueue(db, kind="release.refresh", payload={"instances": None}, now=clock.now())
