"""Annotations as they come and go: features of GeoJSON (RFC 7946), positions in pixels of the slide's largest level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gateway.release.models import Annotation

MOST_POSITIONS = 4000  # in one shape
FARTHEST = 10_000_000  # pixels
DEPTHS = {"Point": 0, "LineString": 1, "Polygon": 2}  # how many lists stand around a position
FEWEST = {"LineString": 2, "Polygon": 4}


class GeometrySchema(Schema):
    """A point, a line, or a polygon of one ring."""

    type = fields.String(required=True, validate=validate.OneOf(list(DEPTHS)))
    coordinates = fields.Raw(required=True)

    @validates_schema
    def _shaped(self, data: dict[str, Any], **_more: Any) -> None:
        positions = list(_positions(data["coordinates"], DEPTHS[data["type"]]))
        if not FEWEST.get(data["type"], 1) <= len(positions) <= MOST_POSITIONS:
            raise ValidationError(f"A shape has {MOST_POSITIONS} positions at most, and enough to be one.")
        if data["type"] == "Polygon" and (len(data["coordinates"]) != 1 or positions[0] != positions[-1]):
            raise ValidationError("A polygon has one ring, which ends where it begins.")


def _positions(found: Any, depth: int) -> Iterable[tuple[float, float]]:
    if depth:
        if not isinstance(found, list) or len(found) > MOST_POSITIONS:
            raise ValidationError("Coordinates are nested as RFC 7946 has it.")
        for each in found:
            yield from _positions(each, depth - 1)
        return
    if not isinstance(found, list) or len(found) != 2 or not all(map(_on_a_slide, found)):
        raise ValidationError("A position is two numbers: x and y in pixels of the largest level.")
    yield found[0], found[1]


def _on_a_slide(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= FARTHEST


class PropertiesSchema(Schema):
    """What is said of a shape."""

    name = fields.String(load_default="", validate=validate.Length(max=100))


class FeatureSchema(Schema):
    """One annotation."""

    type = fields.String(required=True, validate=validate.Equal("Feature"))
    geometry = fields.Nested(GeometrySchema, required=True)
    properties = fields.Nested(PropertiesSchema, load_default=dict)


def feature(annotation: Annotation, reader: str) -> dict[str, Any]:
    """An annotation as a feature; `mine` where the reader drew it. `objectType` is what QuPath looks for."""
    return {
        "type": "Feature",
        "id": annotation.id,
        "geometry": annotation.geometry,
        "properties": {
            "objectType": "annotation",
            "name": annotation.label,
            "made_at": annotation.made_at.isoformat(),
            "mine": annotation.made_by == reader,
        },
    }


def collection(found: Iterable[Annotation], reader: str) -> dict[str, Any]:
    """All annotations of a slide."""
    return {"type": "FeatureCollection", "features": [feature(each, reader) for each in found]}
