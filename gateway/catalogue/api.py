"""`/api/v1/datasets`: what the pages tell, for programs."""

from __future__ import annotations

from flask_smorest import Blueprint

from gateway.catalogue import queries, site_api
from gateway.catalogue.offers import Offer, offer
from gateway.catalogue.schemas import DatasetSchema
from gateway.db import reading

api = Blueprint("datasets", __name__, url_prefix="/api/v1", description="What can be applied for, and from whom")
site_api.add_to(api)


@api.get("/datasets")
@api.response(200, DatasetSchema(many=True))
@api.doc(security=[])
def index() -> list[Offer]:
    """All datasets, by title"""
    with reading() as db:
        return [offer(db, each) for each in queries.datasets(db)]


@api.get("/datasets/<slug>")
@api.response(200, DatasetSchema)
@api.doc(security=[])
def show(slug: str) -> Offer:
    """One dataset"""
    with reading() as db:
        return offer(db, queries.dataset(db, slug))
