"""`/register`, open to everybody: who may use the data and why. `/usage`, for panels and custodians: who did."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, render_template, request

from gateway.catalogue.queries import sites
from gateway.clock import now
from gateway.db import reading
from gateway.people.access import may, requires
from gateway.transparency import uses
from gateway.web.cards import Card

if TYPE_CHECKING:
    from gateway.people.models import Account

pages = Blueprint(
    "transparency",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/transparency",
)


def install(app: Flask) -> None:
    """Put the usage on the dashboard of those who watch over it."""
    cards: list[Callable[[Account], list[Card]]] = app.extensions.setdefault("dashboard", [])
    cards.append(usage_cards)


def usage_cards(_account: Account) -> list[Card]:
    """The way to the usage, for panels, custodians and whoever else may read it."""
    if not may("usage.read"):
        return []
    return [Card("How the data is used", "Every project in plain words, and how much it has looked at.", "/usage")]


@pages.get("/register")
def register() -> str:
    """The data use register: every project that was granted access."""
    with reading() as db:
        return render_template("transparency/register.html", uses=uses.register(db, now()))


@pages.get("/usage")
@requires("usage.read")
def usage() -> str:
    """Every project with what it has looked at; `?site=` keeps those that use one site's data."""
    site, moment = request.args.get("site", ""), now()
    with reading() as db:
        found = [(each, uses.activity(db, each.id, moment)) for each in uses.register(db, moment, site=site)]
        return render_template("transparency/usage.html", found=found, sites=sites(db), chosen=site)


@pages.get("/usage/<project_id>")
@requires("usage.read")
def one(project_id: str) -> str:
    """One project: why it may use the data, and week by week how much it did."""
    with reading() as db:
        found = uses.use(db, project_id, now())
        return render_template(
            "transparency/use.html", use=found, activity=uses.activity(db, project_id, now()), weeks=uses.WEEKS
        )
