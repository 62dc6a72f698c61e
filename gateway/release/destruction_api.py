"""`/api/v1/releases/destruction-orders`: what a project has to destroy, and its word that it has, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people.access import may, signed_in
from gateway.projects.queries import membership, projects_of
from gateway.projects.viewer import me
from gateway.release.destroying import LONGEST, NoSuchOrder, confirm, page_of_orders
from gateway.release.models import DestructionOrder
from gateway.web.paging import PageSchema, following

PERMISSION = "patient.forget"


class OrderSchema(Schema):
    """An order to destroy, under released names only."""

    id = fields.String()
    project_id = fields.String()
    because = fields.String(metadata={"description": "opt-out, consent or forgotten"})
    made_at = fields.DateTime()
    pseudonym = fields.String()
    studies = fields.List(fields.String())
    instances = fields.List(fields.String())
    confirmed_at = fields.DateTime()
    destroyed_on = fields.Date()
    statement = fields.String()


class ConfirmationSchema(Schema):
    """A member's statement."""

    statement = fields.String(required=True, validate=validate.Length(1, LONGEST))
    destroyed_on = fields.Date(required=True)


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of releases."""
    paged = api.arguments(PageSchema, location="query")
    api.get("/destruction-orders")(paged(api.response(200, OrderSchema(many=True))(signed_in(index))))
    api.post("/destruction-orders/<order_id>/confirmation")(
        api.arguments(ConfirmationSchema)(api.response(200, OrderSchema)(signed_in(confirmed)))
    )


def index(asked: dict[str, Any]) -> tuple[Sequence[DestructionOrder], dict[str, str]]:
    """The orders of your projects; every order for those who watch over withdrawals"""
    with reading() as db:
        if may(PERMISSION):
            page = page_of_orders(db, asked["page"])
        else:
            page = page_of_orders(db, asked["page"], projects=[each.id for each in projects_of(db, me(db).id)])
        return page.rows, following(page)


def confirmed(sent: dict[str, Any], order_id: str) -> DestructionOrder:
    """State that the project's copies are destroyed"""
    with transaction() as db:
        account, order = me(db), db.get(DestructionOrder, order_id)
        if order is None or (membership(db, order.project_id, account.id) is None and not may(PERMISSION)):
            raise NoSuchOrder
        confirm(db, by=account, order=order, now=now(), **sent)
        return order
