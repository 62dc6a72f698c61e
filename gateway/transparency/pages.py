"""`/usage`, for panels and custodians: who used the data, and how much. `/checkpoint`, for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, render_template, request

from gateway.catalogue.queries import sites
from gateway.clock import now
from gateway.db import reading
from gateway.errors import NotFound
from gateway.people.access import may, requires
from gateway.trail.signing import verifiers
from gateway.transparency import counting, tallies, uses
from gateway.transparency.concern_pages import cards as concern_cards
from gateway.transparency.concern_pages import concerns, use_page
from gateway.transparency.meeting_pages import meetings
from gateway.transparency.register_pages import register
from gateway.transparency.sealed import seal
from gateway.web.cards import Card
from gateway.web.paging import asked

if TYPE_CHECKING:
    from gateway.people.models import Account

pages = Blueprint(
    "transparency",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/transparency",
)
pages.register_blueprint(concerns)
pages.register_blueprint(meetings)
pages.register_blueprint(register)


class NothingSigned(NotFound):
    """The record has no checkpoint yet."""

    code = "nothing-signed"
    title = "Nothing has been signed yet"


def install(app: Flask) -> None:
    """Put the usage on the dashboard of those who watch over it."""
    cards: list[Callable[[Account], list[Card]]] = app.extensions.setdefault("dashboard", [])
    cards += [usage_cards, concern_cards]


def usage_cards(_account: Account) -> list[Card]:
    """The way to the usage, for panels, custodians and whoever else may read it."""
    if not may("usage.read"):
        return []
    return [Card("How the data is used", "Every project in plain words, and how much it has looked at.", "/usage")]


@pages.get("/checkpoint")
def checkpoint() -> Response:
    """The newest signed statement of how much the record holds, as a C2SP note, for whoever wants to keep it."""
    with reading() as db:
        signed = seal(db)
    if signed is None:
        raise NothingSigned
    return Response(signed.note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "max-age=60"})


@pages.get("/checkpoint/keys")
def checkpoint_keys() -> Response:
    """The public keys by which checkpoints are checked, oldest first."""
    with reading() as db:
        lines = "".join(f"{key.verifier}\n" for key in verifiers(db))
    return Response(lines, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "max-age=60"})


@pages.get("/usage")
@requires("usage.read")
def usage() -> str:
    """A year in numbers, and every project; `?year=` chooses, `?site=` keeps projects that may see one site's data."""
    site, moment = request.args.get("site", ""), now()
    with reading() as db:
        offered = counting.years(db, moment)
        wanted = request.args.get("year", 0, type=int)
        year = wanted if wanted in offered else next(iter(offered), 0)
        found = uses.page_of_uses(db, moment, asked(), site=site)
        return render_template(
            "transparency/usage.html",
            told=counting.told(db, year, moment) if year else None,
            years=offered,
            page=found,
            sites=sites(db),
            chosen=site,
            votes=tallies.at_the_last_meeting(db, [each.id for each in found.rows]),
            sealed=seal(db),
        )


@pages.get("/usage/<project_id>")
@requires("usage.read")
def one(project_id: str) -> str:
    """One project: why it may use the data, how much it did this year, and what was said about it."""
    return use_page(project_id, {}, {})
