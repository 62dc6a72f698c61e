"""Which page of a list is asked for, and where the pages beside it are: in pages as links, for programs as RFC 8288."""

from __future__ import annotations

from typing import Any

from flask import Flask, request, url_for
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from gateway.errors import NotFound
from gateway.paging import Page

LAST = 10_000


class NoSuchPage(NotFound):
    """The list is shorter."""

    code = "page-not-found"
    title = "There is no such page of this list"


class PageSchema(Schema):
    """Which page of a list. A `Link` header of the answer names the next one, if there is one."""

    class Meta:
        unknown = EXCLUDE

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=LAST))


def asked(name: str = "page") -> int:
    """The number of the page that the address asks for; 1 without one. Raises NoSuchPage."""
    try:
        return int(PageSchema().load({"page": request.args[name]} if name in request.args else {})["page"])
    except ValidationError:
        raise NoSuchPage from None


def following(page: Page[Any]) -> dict[str, str]:
    """The header by which a program finds the next page."""
    return {"Link": f'<{address(page.number + 1)}>; rel="next"'} if page.more else {}


def address(number: int, name: str = "page") -> str:
    """The address of this list at another page, with whatever else was asked."""
    values: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), name: number}
    return url_for(request.endpoint or "", **values)


def install(app: Flask) -> None:
    """Give templates the address of a page."""
    app.jinja_env.globals["page_address"] = address
