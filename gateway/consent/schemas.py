"""What the API tells of consent."""

from __future__ import annotations

from marshmallow import Schema, fields


class ListSchema(Schema):
    """A list of opt-outs, and how old it is."""

    name = fields.String()
    source = fields.String()
    dated = fields.Date()
    held = fields.Integer(metadata={"description": "how many people are on it"})
    days = fields.Integer()
    old = fields.Boolean()


class SiteConsentsSchema(Schema):
    """How many consents of a site are kept, and how many are in force."""

    site = fields.String()
    kept = fields.Integer()
    in_force = fields.Integer()
    changed_at = fields.AwareDateTime()


class ConsentSchema(Schema):
    """Lists of opt-outs, and consents by site: counts alone, nobody is named."""

    lists = fields.List(fields.Nested(ListSchema))
    sites = fields.List(fields.Nested(SiteConsentsSchema))
