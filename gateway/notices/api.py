"""`/api/v1/notices`: what I was told, and that I have read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.notices import commands, queries
from gateway.notices.models import Notice
from gateway.notices.schemas import NoticeSchema
from gateway.people.access import signed_in, the_account
from gateway.web.paging import PageSchema, following

api = Blueprint("notices-api", __name__, url_prefix="/api/v1/notices", description="What I was told")


@api.get("")
@api.arguments(PageSchema, location="query")
@api.response(200, NoticeSchema(many=True))
@signed_in
def index(asked: Mapping[str, Any]) -> tuple[Sequence[Notice], dict[str, str]]:
    """My notices, the newest first"""
    with reading() as db:
        page = queries.notices_of(db, the_account().id, asked["page"])
        return page.rows, following(page)


@api.post("/<notice_id>/read")
@api.response(200, NoticeSchema)
@signed_in
def read(notice_id: str) -> Notice:
    """I have read this one"""
    with transaction() as db:
        return commands.mark_read(db, by=the_account(), notice_id=notice_id, now=now())


@api.post("/read")
@api.response(204)
@signed_in
def read_all() -> None:
    """I have read them all"""
    with transaction() as db:
        commands.mark_all_read(db, by=the_account(), now=now())
