"""What administrators do with webhooks, and what becomes of what is sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid
from gateway.jobs.queue import FOR_A_DAY, enqueue
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM, Actor, record
from gateway.webhooks import queries
from gateway.webhooks.addresses import parsed
from gateway.webhooks.models import Webhook

POST = "webhooks.post"
TEST = 0  # the seq of no event
TYPES = (
    "application.submitted",
    "application.withdrawn",
    "application.approved",
    "application.approved-with-conditions",
    "application.returned",
    "application.rejected",
    "application.reopened",
    "grant.issued",
    "grant.extended",
    "grant.suspended",
    "grant.resumed",
    "grant.revoked",
    "release.built",
    "project.begun",
    "project.member.added",
    "project.member.removed",
    "project.closed",
    "concern.raised",
)


class Closed(Conflict):
    """A closed webhook stays closed."""

    code = "webhook-closed"
    title = "This webhook is closed; add a new one"


def add(db: Session, *, by: Actor, url: str, types: Collection[str], now: datetime) -> Webhook:
    """Send what happens from now on to this address. Raises AddressNotAllowed, Invalid for no or unknown types."""
    parsed(url)
    if not types or not set(types) <= set(TYPES):
        raise Invalid("Choose what is to be sent.")
    last = db.scalar(select(func.max(Event.seq))) or 0
    hook = Webhook(url=url, types=sorted(set(types)), made_at=now, heard=last, secret_version=1)
    db.add(hook)
    db.flush()
    told = {"types": list(hook.types)}
    record(db, action="webhook.added", actor=by, now=now, subject=hook.id, detail=told, personal={"url": url})
    return hook


def close(db: Session, *, by: Actor, hook: Webhook, now: datetime) -> None:
    """Send it nothing more, not even what is queued. Raises Closed."""
    _open(hook)
    hook.closed_at = now
    record(db, action="webhook.closed", actor=by, now=now, subject=hook.id)


def change_secret(db: Session, *, by: Actor, hook: Webhook, now: datetime) -> None:
    """Sign with a new secret from now on. Raises Closed."""
    _open(hook)
    hook.secret_version += 1
    db.flush()
    told = {"version": hook.secret_version}
    record(db, action="webhook.secret-changed", actor=by, now=now, subject=hook.id, detail=told)


def try_out(db: Session, *, hook: Webhook, now: datetime) -> None:
    """Send it an event that is none. Raises Closed."""
    _open(hook)
    enqueue(db, kind=POST, payload={"hook": hook.id, "seq": TEST}, now=now)


def collect(db: Session, *, now: datetime) -> None:
    """Queue for every open webhook what has come on the record since it was last looked at."""
    hooks = select(Webhook).where(Webhook.closed_at.is_(None)).with_for_update(skip_locked=True)
    for hook in db.scalars(hooks).all():
        for seq in queries.news(db, hook):
            enqueue(db, kind=POST, payload={"hook": hook.id, "seq": seq}, now=now, most_attempts=FOR_A_DAY)
            hook.heard = seq


def note_taken(db: Session, *, hook: Webhook, now: datetime) -> None:
    """The receiver took an event."""
    hook.taken_at = now


def note_fault(db: Session, *, hook: Webhook, fault: str, now: datetime) -> None:
    """It did not: `fault` is a code. A receiver that says it is gone is closed."""
    hook.failed_at, hook.fault = now, fault
    if fault == "410" and hook.closed_at is None:
        close(db, by=SYSTEM, hook=hook, now=now)


def _open(hook: Webhook) -> None:
    if hook.closed_at is not None:
        raise Closed
