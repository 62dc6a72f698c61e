"""The contents page: every room of the gateway, in the order in which it is opened. `gunicorn app:app`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask

from gateway import settings as settings_room
from gateway.settings import Settings
from gateway.web.install import new_api, new_app

ROOMS = (
    "people",
    "notices",
    "webhooks",
    "catalogue",
    "consent",
    "governance",
    "projects",
    "policies",
    "release",
    "screening",
    "transparency",
    "audit",
    "visas",
)


def create_app(settings: Settings | None = None) -> Flask:
    """The gateway as a WSGI application. Without settings: those of config/ and the environment."""
    if settings is not None:
        settings_room.use(settings)
    chosen = settings_room.current()
    app = new_app(chosen)
    api = new_api(app, chosen)
    for room in ROOMS:
        _open(room, app, api)
    return app


def _open(room: str, app: Flask, api: Any) -> None:
    """A room's pages, its API, and what its `install` hangs elsewhere."""
    if find_spec(f"gateway.{room}.pages") is not None:
        module = import_module(f"gateway.{room}.pages")
        app.register_blueprint(module.pages)
        if hasattr(module, "install"):
            module.install(app)
    if find_spec(f"gateway.{room}.api") is not None:
        api.register_blueprint(import_module(f"gateway.{room}.api").api)


def __getattr__(name: str) -> Flask:
    """`app:app` for gunicorn, made when it is first asked for."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = create_app()
    return made
