"""The governance pages: `/applications` and `/reviews`, and what waits for whom on the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from gateway.governance.applying_pages import applying
from gateway.governance.reviewing_pages import reviewing
from gateway.people.models import Account
from gateway.web.cards import Card

if TYPE_CHECKING:
    from collections.abc import Callable

pages = Blueprint(
    "governance",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/governance",
)
pages.register_blueprint(applying)
pages.register_blueprint(reviewing)


def install(app: Flask) -> None:
    """Put this room's cards on the dashboard."""
    cards: list[Callable[[Account], list[Card]]] = app.extensions.setdefault("dashboard", [])
    cards += [review_cards, application_cards]
