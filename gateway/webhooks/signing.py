"""The signature of a webhook, after the Standard Webhooks specification 1.0 (`webhook-signature: v1,<base64>`).

A hook's secret is derived from the key file of the web pages, so that no copy of the database can forge an event.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import datetime

from gateway.settings import current
from gateway.web.secret import web_secret
from gateway.webhooks.models import Webhook

PREFIX = "whsec_"


def secret_of(hook: Webhook) -> str:
    """What the receiver checks signatures with, as it is shown once."""
    return PREFIX + b64encode(_key(hook)).decode()


def headers(hook: Webhook, *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers: which message, when it was sent, and the HMAC-SHA256 over both and the body."""
    stamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    signature = b64encode(hmac.digest(_key(hook), signed, "sha256")).decode()
    return {"Webhook-Id": message_id, "Webhook-Timestamp": stamp, "Webhook-Signature": f"v1,{signature}"}


def _key(hook: Webhook) -> bytes:
    named = f"slidegate webhook {hook.id} {hook.secret_version}".encode()
    return hmac.digest(bytes.fromhex(web_secret(current().data_dir)), named, "sha256")
