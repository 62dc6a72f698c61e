"""`/register`, open to everybody: who may use the data, what for and how, as pages, JSON, CSV and a feed."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from gateway.clock import now
from gateway.db import reading
from gateway.settings import current
from gateway.transparency import register as queries
from gateway.transparency import register_forms as forms
from gateway.transparency.sealed import seal
from gateway.web.paging import asked
from gateway.web.spreadsheet import MEDIA_TYPE

register = Blueprint("register", __name__)
KEPT = {"Cache-Control": "public, max-age=300"}


@register.get("/register")
def index() -> str:
    """Every project that was granted access."""
    with reading() as db:
        page = queries.page_of_entries(db, now(), asked())
        return render_template("transparency/register.html", page=page, sealed=seal(db))


@register.get("/register/<project_id>")
def entry(project_id: str) -> str:
    """All that the register has of one project: who, what, why, how."""
    with reading() as db:
        return render_template("transparency/entry.html", each=queries.entry(db, project_id, now()))


@register.get("/register.json")
def as_json() -> Response:
    """The register with the names of the standard."""
    moment = now()
    with reading() as db:
        found = list(queries.entries(db, moment))
    return _kept(jsonify(forms.as_json(found, publisher=current().product_name, now=moment)))


@register.get("/register.csv")
def as_csv() -> Response:
    """The register for a spreadsheet."""
    with reading() as db:
        found = list(queries.entries(db, now()))
    named = {"Content-Disposition": 'attachment; filename="register.csv"'}
    return _kept(Response("".join(forms.as_csv(found)), content_type=MEDIA_TYPE, headers=named))


@register.get("/register.atom")
def as_atom() -> Response:
    """The register as a feed: what is new and what changed."""
    moment = now()
    with reading() as db:
        found = list(queries.entries(db, moment))
    body = forms.as_atom(found, publisher=current().product_name, base_url=current().base_url, now=moment)
    return _kept(Response(body, content_type="application/atom+xml; charset=utf-8"))


def _kept(response: Response) -> Response:
    response.headers.update(KEPT)
    return response
