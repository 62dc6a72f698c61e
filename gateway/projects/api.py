"""`/api/v1/projects`: the caller's projects, and their members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people.access import may, requires, signed_in
from gateway.projects import after_api, queries, ready_api
from gateway.projects.joining import STEWARD, put_on, take_off
from gateway.projects.models import Membership
from gateway.projects.schemas import MembershipSchema, NewMemberSchema, ProjectSchema, project_told
from gateway.projects.viewer import me, seen_by
from gateway.web.paging import PageSchema, following

api = Blueprint("projects-api", __name__, url_prefix="/api/v1", description="Projects, their members, and training")
after_api.add_to(api)
ready_api.add_to(api)


@api.get("/projects")
@api.arguments(PageSchema, location="query")
@api.response(200, ProjectSchema(many=True))
@signed_in
def index(asked: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """My projects; every project for those who may revoke access, newest first"""
    with reading() as db:
        member = None if may("grant.revoke") else me(db).id
        page = queries.page_of_projects(db, asked["page"], member=member)
        return [project_told(each) for each in page.rows], following(page)


@api.get("/projects/<project_id>")
@api.response(200, ProjectSchema)
@signed_in
def show(project_id: str) -> dict[str, Any]:
    """One project"""
    with reading() as db:
        return project_told(seen_by(db, project_id, me(db)))


@api.post("/projects/<project_id>/members")
@api.arguments(NewMemberSchema)
@api.response(201, MembershipSchema)
@requires(STEWARD)
def add(sent: Mapping[str, Any], project_id: str) -> Membership:
    """Put a person with an account on the project"""
    with transaction() as db:
        account = me(db)
        project = seen_by(db, project_id, account)
        return put_on(db, by=account, project=project, email=sent["email"], now=now())


@api.delete("/projects/<project_id>/members/<account_id>")
@api.response(204)
@signed_in
def remove(project_id: str, account_id: str) -> None:
    """Take a person off the project, or leave it"""
    with transaction() as db:
        account = me(db)
        take_off(db, by=account, project=seen_by(db, project_id, account), account_id=account_id, now=now())
