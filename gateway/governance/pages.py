"""The governance pages: `/applications` and `/reviews`, and what waits for whom on the dashboard."""

from __future__ import annotations

from flask import Blueprint, Flask

from gateway.clock import now
from gateway.db import reading
from gateway.governance import keeping, meeting_keeping, queries  # noqa: F401  # with the tables come their triggers
from gateway.governance.after_pages import after
from gateway.governance.applying_pages import applying
from gateway.governance.beside_pages import beside
from gateway.governance.block_pages import blocks
from gateway.governance.desk import days_since, waiting_for
from gateway.governance.drafting_pages import drafting
from gateway.governance.file_pages import files
from gateway.governance.meeting_pages import meetings
from gateway.governance.models import State
from gateway.governance.overview_pages import overview_cards, overviews
from gateway.governance.reviewing_pages import reviewing
from gateway.governance.team_pages import team
from gateway.people.models import Account
from gateway.web.cards import Card

pages = Blueprint(
    "governance",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/governance",
)
for part in (applying, drafting, reviewing, after, files, team, meetings, beside, blocks, overviews):
    pages.register_blueprint(part)


def install(app: Flask) -> None:
    """Put this room's cards on the dashboard; open the list on which other rooms show what they know of applicants."""
    app.extensions.setdefault("applicant_panels", [])
    app.extensions.setdefault("dashboard", []).extend([review_cards, application_cards, overview_cards])


def review_cards(account: Account) -> list[Card]:
    """How many applications wait for this account, and the longest wait."""
    with reading() as db:
        waits = waiting_for(db, db.merge(account, load=True))
    if not waits.page.rows:
        return []
    days = days_since(waits.page.rows[0].since, now())
    text = f"The longest wait is {days} {'day' if days == 1 else 'days'}." if days else "All came in today."
    return [Card(title="Applications that wait for you", text=text, href="/reviews", count=waits.total)]


def application_cards(account: Account) -> list[Card]:
    """The account's own applications that are not closed, and those returned to it."""
    with reading() as db:
        counted = queries.counted(db, account.id)
        cards = []
        for state, title, text in (
            (State.DRAFT, "Drafts", "Finish and submit them when you are ready."),
            (State.RETURNED, "Returned to you", "Read the reasons, revise and apply again."),
        ):
            if count := counted.get(state, 0):
                cards.append(Card(title=title, text=text, href="/applications", count=count))
        if going := counted.get(State.SUBMITTED, 0) + counted.get(State.IN_REVIEW, 0):
            text = "The committee is looking at them. You can follow each step."
            cards.append(Card(title="Applications on their way", text=text, href="/applications", count=going))
        return cards
