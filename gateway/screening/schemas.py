"""A decision on a picture, as pages and programs send it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gateway.screening.commands import DECISIONS, REDACT

MOST_BOXES = 200
MOST_PIXELS = 1_000_000  # of a side


class OpinionSchema(Schema):
    """accept, redact or withhold; and for redact the boxes that are taken out."""

    decision = fields.String(required=True, validate=validate.OneOf(DECISIONS, error="Choose one of the three."))
    boxes = fields.List(
        fields.List(
            fields.Integer(strict=False, validate=validate.Range(0, MOST_PIXELS)), validate=validate.Length(equal=4)
        ),
        load_default=list,
        validate=validate.Length(max=MOST_BOXES),
        metadata={"description": "left, top, right, bottom in pixels of the picture"},
    )

    @validates_schema
    def _boxes_are_boxes(self, data: dict[str, Any], **_: Any) -> None:
        if any(right <= left or bottom <= top for left, top, right, bottom in data["boxes"]):
            raise ValidationError("A box has a width and a height.", "boxes")
        if data["decision"] == REDACT and not data["boxes"]:
            raise ValidationError("Draw a box round what has to go.", "boxes")
