"""`/api/v1/consent`: the lists of opt-outs and how old they are, and consents by site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.consent.ages import ages
from gateway.consent.queries import consents_by_site
from gateway.consent.schemas import ConsentSchema
from gateway.db import reading
from gateway.people.access import requires

api = Blueprint("consent-api", __name__, url_prefix="/api/v1/consent", description="Lists of opt-outs and consents")
PLAIN = ("name", "source", "dated", "held")


@api.get("")
@api.response(200, ConsentSchema)
@requires("catalogue.manage")
def index() -> Mapping[str, Any]:
    """Lists of opt-outs, and consents by site

    They are imported with `slidegate optout import` and `slidegate consent import`.
    """
    with reading() as db:
        lists = [
            {"days": each.days, "old": each.old} | {name: getattr(each.list, name) for name in PLAIN}
            for each in ages(db, now())
        ]
        return {"lists": lists, "sites": consents_by_site(db, now())}
