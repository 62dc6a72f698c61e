"""`/api/v1/datasets`: what the pages tell, for programs."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from gateway.catalogue import queries, site_api
from gateway.catalogue.offers import Offer, offer, offers
from gateway.catalogue.schemas import DatasetSchema
from gateway.db import reading
from gateway.web.paging import PageSchema, following

api = Blueprint("datasets", __name__, url_prefix="/api/v1", description="What can be applied for, and from whom")
site_api.add_to(api)


@api.get("/datasets")
@api.arguments(PageSchema, location="query")
@api.response(200, DatasetSchema(many=True))
@api.doc(security=[])
def index(asked: dict[str, Any]) -> tuple[list[Offer], dict[str, str]]:
    """All datasets, by title"""
    with reading() as db:
        page = queries.page_of_datasets(db, asked["page"])
        return offers(db, page.rows), following(page)


@api.get("/datasets/<slug>")
@api.response(200, DatasetSchema)
@api.doc(security=[])
def show(slug: str) -> Offer:
    """One dataset"""
    with reading() as db:
        return offer(db, queries.dataset(db, slug))
