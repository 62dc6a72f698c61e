"""`/api/v1/datasets`: what the pages tell, for programs."""

from __future__ import annotations

from flask_smorest import Blueprint

from gateway.catalogue import queries
from gateway.catalogue.offers import Offer, offer
from gateway.catalogue.schemas import DatasetSchema
from gateway.db import reading

api = Blueprint("datasets", __name__, url_prefix="/api/v1/datasets", description="What can be applied for")


@api.get("")
@api.response(200, DatasetSchema(many=True))
@api.doc(security=[])
def index() -> list[Offer]:
    """All datasets, by title"""
    with reading() as db:
        return [offer(db, each) for each in queries.datasets(db)]


@api.get("/<slug>")
@api.response(200, DatasetSchema)
@api.doc(security=[])
def show(slug: str) -> Offer:
    """One dataset"""
    with reading() as db:
        return offer(db, queries.dataset(db, slug))
