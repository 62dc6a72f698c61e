"""What notices/ tells."""

from __future__ import annotations

from marshmallow import Schema, fields


class NoticeSchema(Schema):
    """One thing that I was told; `href` is the page that it leads to."""

    id = fields.String()
    kind = fields.String()
    text = fields.String()
    href = fields.String()
    made_at = fields.AwareDateTime()
    read_at = fields.AwareDateTime(allow_none=True)
