"""The catalogue pages, open to everybody: `/datasets` and one dataset."""

from __future__ import annotations

from flask import Blueprint, render_template

from gateway.catalogue import queries
from gateway.catalogue.cohort_pages import cohorts
from gateway.catalogue.offers import offer, offers
from gateway.catalogue.site_pages import sites
from gateway.db import reading
from gateway.deid.errors import BadRecipe, UnknownPolicy
from gateway.deid.plan import load_plan
from gateway.paging import Page
from gateway.people.access import may
from gateway.settings import current
from gateway.web.paging import asked

pages = Blueprint(
    "catalogue", __name__, template_folder="templates", static_folder="static", static_url_path="/assets/catalogue"
)
pages.register_blueprint(sites)
pages.register_blueprint(cohorts)


@pages.get("/datasets")
def index() -> str:
    """What researchers can ask for."""
    with reading() as db:
        found = queries.page_of_datasets(db, asked())
        page = Page(offers(db, found.rows), found.number, found.more)
    return render_template("catalogue/datasets.html", page=page, manages=may("catalogue.manage"))


@pages.get("/datasets/<slug>")
def show(slug: str) -> str:
    """One dataset: what is in it, on which terms, and how to apply."""
    with reading() as db:
        found = offer(db, queries.dataset(db, slug))
    return render_template("catalogue/dataset.html", offer=found, policy=_policy(found.deid_policy))


def _policy(name: str) -> str:
    """What a policy says of itself; nothing if it cannot be read, as then nothing is released under it."""
    try:
        return load_plan(current().policies_dir, name).summary
    except (UnknownPolicy, BadRecipe):
        return ""
