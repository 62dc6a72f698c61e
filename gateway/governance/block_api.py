"""`/api/v1/applications/blocks`: whom stewards have blocked from which dataset, as at the pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import queries
from gateway.governance.api_schemas import Json
from gateway.governance.block_pages import BLOCKS, make
from gateway.governance.blocked import told_of_blocks
from gateway.governance.schemas import BlockSchema, LiftSchema
from gateway.governance.viewer import me, reads_all
from gateway.people.access import requires, signed_in
from gateway.projects import blocking
from gateway.projects.models import Block
from gateway.web.paging import PageSchema, following


class BlockToldSchema(Schema):
    """A block: of whom, from which dataset (its id), why, and whether it was lifted."""

    id = fields.String()
    dataset_id = fields.String()
    email = fields.String()
    reason = fields.String()
    made_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime(allow_none=True)
    lifted_at = fields.AwareDateTime(allow_none=True)
    lifted_because = fields.String()


class StandingSchema(Schema):
    """A block that touches an application, in words for who asks."""

    dataset = fields.String()
    words = fields.String()


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of applications."""
    told, steward = BlockToldSchema, requires(BLOCKS)
    paged = api.arguments(PageSchema, location="query")
    api.get("/blocks")(paged(api.response(200, told(many=True))(steward(index))))
    api.post("/blocks")(api.arguments(BlockSchema)(api.response(201, told)(steward(block))))
    api.get("/<application_id>/blocks")(api.response(200, StandingSchema(many=True))(signed_in(of_one)))
    api.post("/blocks/<block_id>/lift")(api.arguments(LiftSchema)(api.response(200, told)(steward(lift))))


def index(asked: Json) -> tuple[Sequence[Block], dict[str, str]]:
    """Every block, the newest first"""
    with reading() as db:
        page = blocking.page_of_blocks(db, asked["page"])
        return page.rows, following(page)


def of_one(application_id: str) -> list[Json]:
    """Who of those who apply is blocked from what is asked for; of an applicant's own blocks what they can do"""
    with reading() as db:
        account = me(db)
        found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
        return [{"dataset": each.dataset, "words": words} for each, words in told_of_blocks(db, found, account, now())]


def block(sent: Json) -> Block:
    """Block a person from a dataset"""
    with transaction() as db:
        return make(db, by=me(db), values=sent, moment=now())


def lift(sent: Json, block_id: str) -> Block:
    """Lift a block"""
    with transaction() as db:
        found = blocking.block_named(db, block_id)
        blocking.lift(db, by=me(db), made=found, reason=sent["reason"], now=now())
        return found
