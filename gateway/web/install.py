"""What every room's pages stand on: templates, assets, headers, errors, health and the API's frame."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request
from flask_smorest import Api

from gateway.settings import Settings
from gateway.web import api_docs, health, navigation, paging, problems, security, templating

FOR_EVER = "public, max-age=31536000, immutable"
web = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")


def new_app(settings: Settings) -> Flask:
    """A Flask application with no page of its own yet."""
    app = templating.Pages("slidegate", static_folder=None, template_folder=None)
    security.install(app, settings)
    health.install(app)
    app.register_blueprint(web)
    templating.install(app)
    paging.install(app)
    app.context_processor(lambda: {"product": settings.product_name})
    app.jinja_env.globals["links"] = navigation.links
    app.jinja_env.globals["unread"] = lambda: 0  # until the room of notices says otherwise
    app.after_request(_keep_assets)
    return app


def new_api(app: Flask, settings: Settings) -> Api:
    """The API's frame, its description at /api/openapi.json and its reference at /api/docs."""
    app.config.update(
        API_TITLE=settings.product_name,
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS=api_docs.SPEC_OPTIONS,
    )
    api = api_docs.RoomsApi(app)
    api_docs.install(app, api)
    problems.install(app)
    return api


def _keep_assets(response: Response) -> Response:
    lasting = "v" in request.args or "/vendor/" in request.path
    if request.endpoint == "web.static" and response.status_code == 200 and lasting:
        response.headers["Cache-Control"] = FOR_EVER
    return response
