"""What a webhook has not heard of."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.trail.models import Event
from gateway.webhooks.models import Webhook

CHUNK = 500


def news(db: Session, hook: Webhook) -> list[int]:
    """Places on the trail that the hook has not heard of, the first ones. Index: ix_trail_event_action_seq."""
    query = select(Event.seq).where(Event.seq > hook.heard, Event.action.in_(hook.types))
    return list(db.scalars(query.order_by(Event.seq).limit(CHUNK)))
