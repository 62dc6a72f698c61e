"""What visas/ accepts."""

from __future__ import annotations

from marshmallow import fields, validate

from gateway.people.schemas import Sent
from gateway.visas.checking import LONGEST


class ShowSchema(Sent):
    """A visa, as its issuer gave it."""

    visa = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(min=1, max=2 * LONGEST, error="Paste a visa"),
        error_messages={"required": "Paste a visa"},
    )
