"""`/consent`: the lists that people are on, how old they are, and whose yes is needed; for those who keep the data."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template

from gateway.clock import now
from gateway.consent.ages import ages, warning
from gateway.consent.policy import read_policy
from gateway.consent.queries import consents_by_site
from gateway.db import reading
from gateway.people.access import requires
from gateway.settings import current
from gateway.web.health import WARNINGS

pages = Blueprint("consent", __name__, template_folder="templates")


@pages.get("/consent")
@requires("catalogue.manage")
def index() -> str:
    """Lists of opt-outs, consents by site, and the policy."""
    with reading() as db:
        return render_template(
            "consent/lists.html",
            lists=ages(db, now()),
            most=current().optout_days,
            sites=consents_by_site(db, now()),
            policy=read_policy(current().policies_dir),
        )


def install(_app: Flask) -> None:
    """Warn of old lists where the machine is watched."""
    WARNINGS["opt-outs"] = warning
