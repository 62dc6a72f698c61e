"""`/reviews/overview`: what waits for whom, for those who read all applications."""

from __future__ import annotations

from flask import Blueprint, render_template

from gateway.clock import now
from gateway.db import reading
from gateway.governance.overview import overview, pace, totals
from gateway.governance.viewer import me
from gateway.people.access import may, requires
from gateway.people.models import Account
from gateway.people.roles import roles
from gateway.settings import current
from gateway.web.cards import Card
from gateway.web.paging import asked

overviews = Blueprint("overviews", __name__)
READS = "application.read-all"


@overviews.get("/reviews/overview")
@requires(READS)
def show() -> str:
    """All that waits, the longest without a step first."""
    moment = now()
    with reading() as db:
        account = me(db)
        return render_template(
            "governance/overview.html",
            page=overview(db, account=account, page=asked(), now=moment),
            totals=totals(db, account=account, now=moment),
            pace=pace(db, now=moment),
            titles={key: each.title for key, each in roles().by_key.items()},
            most=current().review_days,
        )


def overview_cards(account: Account) -> list[Card]:
    """For those who read all: how many applications wait, whoever they wait for, and how many do not move."""
    if not may(READS):
        return []
    with reading() as db:
        found = totals(db, account=db.merge(account, load=True), now=now())
    text = f"Of {found.open:,} open applications, {found.still:,} did not move for {current().review_days} days."
    return [Card(title="What waits for whom", text=text, href="/reviews/overview", count=found.still or None)]
