"""`/api/v1/audit`: the log for programs."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from gateway.audit import chain, extents, queries
from gateway.audit.exports import FORMATS
from gateway.audit.schemas import ChainSchema, EventSchema, EventsSchema, ReadsSchema, SearchSchema
from gateway.audit.search import EVERYTHING
from gateway.audit.viewing import exported, looked
from gateway.clock import now
from gateway.errors import NotFound
from gateway.people.access import requires
from gateway.trail.models import Event

api = Blueprint("audit-api", __name__, url_prefix="/api/v1/audit", description="Read the audit log")


@api.get("/events")
@requires("audit.read")
@api.arguments(SearchSchema, location="query")
@api.response(200, EventsSchema)
def events(asked: dict[str, Any]) -> queries.Found:
    """Events that match, newest first"""
    return looked(asked["search"], "events", lambda db: queries.find(db, asked["search"], before=asked["before"]))


@api.get("/events/<int:seq>")
@requires("audit.read")
@api.response(200, EventSchema)
def event(seq: int) -> Event:
    """One event"""

    def question(db: Session) -> Event:
        found, _ = queries.event(db, seq)
        db.expunge_all()
        return found

    return looked(EVERYTHING, f"event {seq}", question)


@api.get("/reads")
@requires("audit.read")
@api.arguments(SearchSchema, location="query")
@api.response(200, ReadsSchema)
def reads(asked: dict[str, Any]) -> extents.Reads:
    """Reads of slides that match, newest first, and how much left under each"""
    return looked(asked["search"], "reads", lambda db: extents.reads(db, asked["search"], before=asked["before"]))


@api.get("/chain")
@requires("audit.read")
@api.response(200, ChainSchema)
def state() -> chain.Status:
    """Whether the log is whole"""
    return looked(EVERYTHING, "chain", lambda db: chain.status(db, now()))


@api.get("/export.<form>")
@requires("audit.export")
@api.arguments(SearchSchema, location="query")
def export(asked: dict[str, Any], form: str) -> Response:
    """Events that match, oldest first, as csv or ndjson"""
    if form not in FORMATS:
        raise NotFound
    return exported(asked["search"], form)
