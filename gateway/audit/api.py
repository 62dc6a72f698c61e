"""`/api/v1/audit`: the log for programs."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from gateway.audit import chain, extents, queries
from gateway.audit.answers import ANSWERS, Answer, totals
from gateway.audit.exports import FORMATS, forms_named
from gateway.audit.schemas import (
    ChainSchema,
    EventSchema,
    EventsSchema,
    FormsSchema,
    PatientSearchSchema,
    ReadsSchema,
    SearchSchema,
)
from gateway.audit.search import EVERYTHING
from gateway.audit.viewing import answered, bundled, exported, looked
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
def reads(asked: dict[str, Any]) -> Answer:
    """Reads of slides that match, newest first: how much left under each, what it rests on, and the totals"""
    return _reads(asked)


@api.post("/reads")
@requires("audit.read")
@api.arguments(PatientSearchSchema)
@api.response(200, ReadsSchema)
def reads_of_a_patient(asked: dict[str, Any]) -> Answer:
    """The same of a patient's or a study's slides; what names a patient is never in an address"""
    return _reads(asked)


def _reads(asked: dict[str, Any]) -> Answer:
    def question(db: Session) -> Answer:
        found = extents.reads(db, asked["search"], before=asked["before"])
        return Answer(found.reads, found.older, totals(db, asked["search"]))

    return looked(asked["search"], "reads", question)


@api.get("/chain")
@requires("audit.read")
@api.response(200, ChainSchema)
def state() -> chain.Status:
    """Whether the log is whole"""
    return looked(EVERYTHING, "chain", lambda db: chain.status(db, now()))


@api.get("/export.bundle")
@requires("audit.export")
@api.arguments(SearchSchema, location="query")
@api.arguments(FormsSchema, location="query")
@api.response(200, {"type": "string", "format": "binary"}, content_type="application/zip")
def export_bundle(asked: dict[str, Any], told: dict[str, str]) -> Response:
    """Events that match with what proves them, as a zip file for `slidegate-verify`, sent while it is made"""
    return bundled(asked["search"], forms_named(told["forms"]))


@api.get("/export.<form>")
@requires("audit.export")
@api.arguments(SearchSchema, location="query")
def export(asked: dict[str, Any], form: str) -> Response:
    """Events that match, oldest first, as csv, ndjson, fhir, atna or html"""
    if form not in FORMATS:
        raise NotFound
    return exported(asked["search"], form)


@api.post("/answer.<form>")
@requires("audit.export")
@api.arguments(PatientSearchSchema)
def answer(asked: dict[str, Any], form: str) -> Response:
    """Reads that match with what they rest on, oldest first, as csv or json; the json with totals"""
    if form not in ANSWERS:
        raise NotFound
    return answered(asked["search"], form)
