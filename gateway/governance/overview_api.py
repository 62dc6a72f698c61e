"""`/api/v1/applications/overview`: what waits for whom, as at the page."""

from __future__ import annotations

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.db import reading
from gateway.governance.api_schemas import Json, OverviewSchema
from gateway.governance.overview import overview, pace, totals
from gateway.governance.overview_pages import READS
from gateway.governance.viewer import me
from gateway.people.access import requires
from gateway.web.paging import PageSchema, following


def add_to(api: Blueprint) -> None:
    """Put this route on the blueprint of applications."""
    paged = api.arguments(PageSchema, location="query")
    api.get("/overview")(paged(api.response(200, OverviewSchema)(requires(READS)(waits))))


def waits(asked: Json) -> tuple[Json, dict[str, str]]:
    """What waits for whom and for how long, over all applications but my own, and how long decisions take"""
    moment = now()
    with reading() as db:
        account = me(db)
        page = overview(db, account=account, page=asked["page"], now=moment)
        counted, lately = totals(db, account=account, now=moment), pace(db, now=moment)
        told: Json = {
            "waits": [
                {"application_id": each.application.id, "whom": one.whom, "what": one.what, "days": one.days,
                 "overdue": one.overdue}
                for each in page.rows for one in each.waits
            ],
            "open": counted.open,
            "still": counted.still,
            "median_days": lately.median_days,
            "decided": lately.decided,
        }  # fmt: skip
        return told, following(page)
