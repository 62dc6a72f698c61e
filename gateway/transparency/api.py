"""`/api/v1/concerns`: what panels say about uses, and what stewards answer, for programs. Meetings: meeting_api."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people import queries as people
from gateway.people.access import requires, the_account
from gateway.people.models import Account
from gateway.people.once import once
from gateway.transparency import commands, meeting_api, queries, uses
from gateway.transparency.schemas import AnswerSchema, ConcernSchema, RaiseOnSchema
from gateway.web.paging import PageSchema, following

api = Blueprint(
    "transparency-api",
    __name__,
    url_prefix="/api/v1",
    description="Comments, questions, concerns, meetings of the panel",
)
meeting_api.add_to(api)


@api.get("/concerns")
@requires("usage.read")
@api.arguments(PageSchema, location="query")
@api.response(200, ConcernSchema(many=True))
def index(asked: dict[str, Any]) -> tuple[Sequence[queries.Told], dict[str, str]]:
    """What was said about uses; what waits longest for an answer first"""
    with reading() as db:
        page = queries.page_of_concerns(db, the_account(), now(), asked["page"])
        return page.rows, following(page)


@api.post("/concerns")
@requires("concern.raise")
@api.arguments(RaiseOnSchema)
@api.response(201, ConcernSchema)
@once
def raise_concern(sent: dict[str, Any]) -> queries.Told:
    """Comment, ask, or raise a concern about a project"""
    moment = now()
    with transaction() as db:
        project = uses.project(db, sent.pop("project_id"))
        made = commands.raise_concern(db, by=_me(db), project=project, now=moment, **sent)
        return queries.told(made, _me(db), moment)


@api.get("/concerns/<concern_id>")
@requires("usage.read")
@api.response(200, ConcernSchema)
def show(concern_id: str) -> queries.Told:
    """One of them"""
    with reading() as db:
        return queries.told(queries.concern(db, concern_id), the_account(), now())


@api.post("/concerns/<concern_id>/answer")
@requires("concern.answer")
@api.arguments(AnswerSchema)
@api.response(200, ConcernSchema)
def answer(sent: dict[str, Any], concern_id: str) -> queries.Told:
    """Answer it, once"""
    moment = now()
    with transaction() as db:
        found = queries.concern(db, concern_id)
        commands.answer(db, by=_me(db), concern=found, text=sent["answer"], now=moment)
        return queries.told(found, _me(db), moment)


@api.post("/concerns/<concern_id>/suspend")
@requires("concern.answer")
@api.response(200, ConcernSchema)
def suspend(concern_id: str) -> queries.Told:
    """Suspend the project's access because of a concern"""
    moment = now()
    with transaction() as db:
        found = queries.concern(db, concern_id)
        commands.suspend_for(db, by=_me(db), concern=found, now=moment)
        return queries.told(found, _me(db), moment)


def _me(db: Session) -> Account:
    return people.account(db, the_account().id)
