"""`/releases/<id>/annotations/<series>`: a slide's annotations as GeoJSON, for the viewer and for tools alike."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import ValidationError

from gateway import clock
from gateway.db import reading, transaction
from gateway.errors import Invalid
from gateway.release import annotating, cors, visits
from gateway.release.annotation_schemas import FeatureSchema, collection, feature
from gateway.release.queries import Place

GEOJSON = "application/geo+json"
LARGEST = 256 * 1024  # bytes of a shape as JSON

drawn = Blueprint("annotations", __name__, url_prefix="/releases/<release_id>/annotations/<series_uid>")
cors.install(drawn, cors.WRITING)


class NotAnAnnotation(Invalid):
    """Not a feature of GeoJSON as they are wanted here."""

    code = "not-an-annotation"
    status = 422
    title = "This is not a shape that can be kept"


@drawn.get("")
def listed(release_id: str, series_uid: str) -> Response:
    """All annotations of a slide."""
    visit = _at(release_id, series_uid)
    with reading() as db:
        found = annotating.annotations_on(db, release_id, series_uid)
        answer = _json(collection(found, visit.actor.id))
    answer.headers["Content-Disposition"] = f'attachment; filename="{series_uid}.geojson"'
    return answer


@drawn.post("")
def made(release_id: str, series_uid: str) -> Response:
    """Keep a shape; gives it back with its id."""
    visit = _at(release_id, series_uid)
    shape = _shape()
    with transaction() as db:
        kept = annotating.annotate(
            db, by=visit.actor, release=visit.release, series_uid=series_uid, geometry=shape["geometry"],
            label=shape["properties"].get("name", ""), now=clock.now(),
        )  # fmt: skip
        return _json(feature(kept, visit.actor.id), 201)


@drawn.delete("/<annotation_id>")
def removed(release_id: str, series_uid: str, annotation_id: str) -> Response:
    """Take a shape away."""
    visit = _at(release_id, series_uid)
    with transaction() as db:
        annotating.remove_annotation(
            db, by=visit.actor, release=visit.release, series_uid=series_uid, annotation_id=annotation_id,
            now=clock.now(),
        )  # fmt: skip
    return Response(status=204)


def _at(release_id: str, series_uid: str) -> visits.Visit:
    """A visit of who may see this slide now. Raises what `visits.enter` and `visits.below` raise."""
    visit = visits.enter(release_id)
    visits.below(visit, Place(series=series_uid))
    return visit


def _shape() -> dict[str, Any]:
    body = request.get_data(cache=False)
    if len(body) > LARGEST:
        raise NotAnAnnotation("The shape is too large: at most 256 kB of GeoJSON.")
    try:
        found: dict[str, Any] = FeatureSchema().load(json.loads(body))
    except (ValueError, RecursionError):
        raise NotAnAnnotation("The body has to be one feature of GeoJSON.") from None
    except ValidationError as refusal:
        raise NotAnAnnotation(_first(refusal.messages)) from None
    return found


def _first(messages: Any) -> str:
    """The first sentence of marshmallow's nested ones."""
    while not isinstance(messages, str):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return messages


def _json(told: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(told, separators=(",", ":")), status=status, content_type=GEOJSON)
