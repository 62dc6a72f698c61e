"""`/api/v1/usage`: the panel's meetings and votes, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people import queries as people
from gateway.people.access import requires, the_account
from gateway.people.once import once
from gateway.transparency import meetings, tallies, uses
from gateway.transparency.schemas import HeldSchema, MinutesSchema, TallySchema, UsageVoteSchema
from gateway.web.paging import PageSchema, following


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of the room."""
    paged = api.arguments(PageSchema, location="query")
    api.get("/usage/meetings")(requires("usage.read")(paged(api.response(200, HeldSchema(many=True))(held))))
    api.post("/usage/meetings")(
        requires("usage.minutes")(api.arguments(MinutesSchema)(api.response(201, HeldSchema)(record_minutes)))
    )
    api.get("/usage/<project_id>/votes")(requires("usage.read")(api.response(200, TallySchema(many=True))(votes)))
    api.post("/usage/<project_id>/votes")(
        requires("usage.vote")(api.arguments(UsageVoteSchema)(api.response(201, TallySchema)(vote)))
    )


def held(asked: dict[str, Any]) -> tuple[Sequence[tallies.Held], dict[str, str]]:
    """Meetings of the panel with their minutes and votes, the last one first"""
    with reading() as db:
        page = tallies.held(db, asked["page"])
        return page.rows, following(page)


@once
def record_minutes(sent: dict[str, Any]) -> tallies.Held:
    """Write down the minutes of a meeting, once"""
    with transaction() as db:
        made = meetings.record_minutes(db, by=people.account(db, the_account().id), now=now(), **sent)
        return tallies.Held(made.id, made.held_on, made.minutes, ())


def votes(project_id: str) -> list[tallies.Tally]:
    """How each meeting voted on a project's use, the last one first"""
    with reading() as db:
        return tallies.of_project(db, uses.project(db, project_id).id)


def vote(sent: dict[str, Any], project_id: str) -> tallies.Tally:
    """Vote on a project's use at the last meeting, once; gives the tally"""
    with transaction() as db:
        project = uses.project(db, project_id)
        meetings.vote(db, by=people.account(db, the_account().id), project=project, now=now(), **sent)
        return tallies.of_project(db, project_id)[0]
