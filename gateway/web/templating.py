"""How templates are found: our own are plain Jinja; the design system's macros get an environment of their own.

Those macros chain through values that are not there, so they need ChainableUndefined; ours must not, or a
typing mistake in a template would show as nothing.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask.templating import DispatchingJinjaLoader
from jinja2 import BaseLoader, ChainableUndefined, ChoiceLoader, Environment, PackageLoader, Template, TemplateNotFound

STATIC = Path(__file__).resolve().parent / "static"


class DesignSystem(BaseLoader):
    """Templates whose name begins with nhsuk/, compiled leniently."""

    def __init__(self) -> None:
        package = PackageLoader("nhsuk_frontend_jinja")
        self._lenient = Environment(loader=package, undefined=ChainableUndefined, autoescape=True)

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002  # the name is Jinja's
    ) -> Template:
        """The macro file, in its own environment."""
        if not name.startswith("nhsuk/"):
            raise TemplateNotFound(name)
        return self._lenient.get_template(name)


class Pages(Flask):
    """Flask, finding the design system's templates beside those of the rooms."""

    def create_global_jinja_loader(self) -> Any:
        return ChoiceLoader([DesignSystem(), DispatchingJinjaLoader(self)])


@lru_cache(maxsize=64)
def _fingerprint(filename: str) -> str:
    return sha256((STATIC / filename).read_bytes()).hexdigest()[:12]


def asset(filename: str) -> str:
    """The address of a file of web/static, with its digest, so that browsers may keep it for ever."""
    return url_for("web.static", filename=filename, v=_fingerprint(filename))


def day(moment: datetime) -> str:
    """3 March 2026."""
    return f"{moment.day} {moment:%B %Y}"


def minute(moment: datetime) -> str:
    """3 Mar 2026, 09:05 UTC."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def install(app: Flask) -> None:
    """Give templates `asset`, and the filters `day` and `minute`."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.filters |= {"day": day, "minute": minute}
