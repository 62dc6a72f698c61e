"""What webhooks/ accepts."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validate

from gateway.errors import Invalid
from gateway.people.schemas import Sent
from gateway.webhooks.addresses import parsed
from gateway.webhooks.commands import TYPES


def _allowed(url: str) -> None:
    try:
        parsed(url)
    except Invalid as refusal:
        raise ValidationError(refusal.message) from None


class WebhookSchema(Sent):
    """An address, and what it is to be sent."""

    url = fields.String(required=True, validate=[validate.Length(min=1, max=500, error="Enter an address"), _allowed])
    types = fields.List(
        fields.String(validate=validate.OneOf(TYPES, error="Choose from the list")),
        required=True,
        validate=validate.Length(min=1, error="Choose what is to be sent"),
    )
