"""What notices/ accepts."""

from __future__ import annotations

from marshmallow import fields, validate

from gateway.people.schemas import Sent


class PageSchema(Sent):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10_000))
