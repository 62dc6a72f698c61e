"""What notices/ accepts and tells."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from gateway.people.schemas import Sent


class PageSchema(Sent):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10_000))


class NoticeSchema(Schema):
    """One thing that I was told; `href` is the page that it leads to."""

    id = fields.String()
    kind = fields.String()
    text = fields.String()
    href = fields.String()
    made_at = fields.AwareDateTime()
    read_at = fields.AwareDateTime(allow_none=True)
