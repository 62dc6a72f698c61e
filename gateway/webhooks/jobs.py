"""Work behind the pages: looking for what is new on the trail, and sending it. No transaction is open while sending."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from gateway import clock
from gateway.db import reading, transaction
from gateway.errors import SlidegateError
from gateway.jobs.handlers import handler
from gateway.jobs.rounds import go_round
from gateway.trail.models import Event
from gateway.webhooks import commands, queries
from gateway.webhooks.models import Webhook
from gateway.webhooks.posting import NotTaken, post


@go_round(every=1)
def listen(now: datetime) -> None:
    """Queue what is new; nothing is written where nothing is."""
    with reading() as db:
        hooks = db.scalars(select(Webhook).where(Webhook.closed_at.is_(None))).all()
        new = any(queries.news(db, each) for each in hooks)
    if new:
        with transaction() as db:
            commands.collect(db, now=now)


@handler(commands.POST)
def send(payload: Any) -> None:
    """Send event payload["seq"] to payload["hook"]; the receiver knows a second one by its Webhook-Id."""
    with reading() as db:
        hook = db.get(Webhook, payload["hook"])
        event = db.get(Event, payload["seq"]) if payload["seq"] != commands.TEST else None
    if hook is None or hook.closed_at is not None:
        return
    fault: SlidegateError | None = None
    try:
        post(hook, event, now=clock.now())
    except SlidegateError as error:
        fault = error
    with transaction() as db:
        hook, moment = db.get_one(Webhook, hook.id), clock.now()
        if fault is None:
            commands.note_taken(db, hook=hook, now=moment)
            return
        code = fault.fault if isinstance(fault, NotTaken) else fault.code
        commands.note_fault(db, hook=hook, fault=code, now=moment)
    raise fault
