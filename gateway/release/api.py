"""/api/v1/releases: the caller's releases."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from gateway.db import reading
from gateway.people.access import signed_in, the_account
from gateway.release.destruction_api import add_to
from gateway.release.queries import page_of_releases
from gateway.settings import current
from gateway.web.paging import PageSchema, following

api = Blueprint("releases-api", __name__, url_prefix="/api/v1/releases", description="Releases of your projects")


class ReleaseSchema(Schema):
    """A release as the API tells of it."""

    id = fields.String()
    project_id = fields.String()
    grant_id = fields.String()
    state = fields.String(metadata={"description": "listing, checking, or sealed: only then it can be read"})
    listed = fields.Integer(metadata={"description": "Instances in its list, as far as it is made"})
    built_at = fields.DateTime()
    released = fields.Integer(metadata={"description": "Instances that can be read"})
    withheld = fields.Integer(metadata={"description": "Instances that are kept back, for reasons on the release page"})
    deid_policy = fields.String()
    deid_sha256 = fields.String()
    pixels_sha256 = fields.String()
    dicomweb_url = fields.Function(lambda release: f"{current().base_url}/releases/{release.id}/dicomweb")


add_to(api)


@api.route("")
class Releases(MethodView):
    """The collection."""

    @signed_in
    @api.arguments(PageSchema, location="query")
    @api.response(200, ReleaseSchema(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """List the releases of your projects, newest first"""
        with reading() as db:
            page = page_of_releases(db, the_account().id, asked["page"])
            return list(page.rows), following(page)
