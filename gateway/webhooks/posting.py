"""Sending one event to one address. Nothing of the answer is read but its status, and no redirect is followed."""

from __future__ import annotations

import json
import ssl
from datetime import datetime

import httpx

from gateway.errors import SlidegateError
from gateway.settings import current
from gateway.trail.models import Event
from gateway.webhooks import signing
from gateway.webhooks.addresses import located
from gateway.webhooks.models import Webhook

PATIENCE = 15.0  # seconds for each of connecting, sending and waiting


class NotTaken(SlidegateError):
    """The receiver is away, or answered something else than a 2xx status. `fault` is a short code."""

    code = "webhook-not-taken"
    title = "The receiver of a webhook did not take an event"

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault


def body_of(event: Event | None, *, now: datetime) -> bytes:
    """What is sent: what happened to which thing when. Whoever may know more asks the API. None: only a test."""
    told: dict[str, object] = {"type": "webhook.test", "timestamp": now.isoformat(), "data": {}}
    if event is not None:
        data = {"seq": event.seq, "subject": event.subject, "project": event.project}
        told = {"type": event.action, "timestamp": event.at.isoformat(), "data": data}
    return json.dumps(told, separators=(",", ":")).encode()


def post(hook: Webhook, event: Event | None, *, now: datetime) -> None:
    """Send it. Raises NotTaken, AddressNotAllowed, NoSuchHost."""
    place, body = located(hook.url), body_of(event, now=now)
    name = f"{hook.id}-{event.seq if event is not None else f'test-{int(now.timestamp())}'}"
    sent = {
        "Host": place.authority,
        "Content-Type": "application/json",
        "User-Agent": current().product_name,
        **signing.headers(hook, message_id=name, at=now, body=body),
    }
    try:
        with (
            httpx.Client(verify=ssl.create_default_context(), timeout=PATIENCE, trust_env=False) as client,
            client.stream(
                "POST", place.url, content=body, headers=sent, extensions={"sni_hostname": place.host}
            ) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotTaken(type(error).__name__) from None
    if not 200 <= status < 300:
        raise NotTaken(str(status))
