"""A card of the dashboard: rooms register functions (account) -> list[Card] in `app.extensions["dashboard"]`."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 8  # cards of one kind; what is left has a list of its own


@dataclass(frozen=True, slots=True)
class Card:
    """Something that waits for the person who is signed in, or that they can do. `count` is shown if not None."""

    title: str
    text: str
    href: str
    count: int | None = None
