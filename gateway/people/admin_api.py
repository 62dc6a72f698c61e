"""`/api/v1/accounts`: the accounts and their roles, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people import commands, queries
from gateway.people.access import actor, requires
from gateway.people.models import Account
from gateway.people.once import once
from gateway.people.roles import permissions_of
from gateway.people.schemas import AccountSchema, NewAccountSchema, RolesSchema
from gateway.web.paging import PageSchema, following

Json = Mapping[str, Any]
MANAGER = "account.manage"


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of the room."""
    manages, one = requires(MANAGER), api.response(200, AccountSchema)
    paged = api.arguments(PageSchema, location="query")
    api.get("/accounts")(paged(api.response(200, AccountSchema(many=True))(manages(index))))
    api.post("/accounts")(api.arguments(NewAccountSchema)(api.response(201, AccountSchema)(manages(create))))
    api.get("/accounts/<account_id>")(one(manages(show_one)))
    api.put("/accounts/<account_id>/roles")(api.arguments(RolesSchema)(one(manages(change))))
    api.post("/accounts/<account_id>/close")(one(manages(close)))
    api.post("/accounts/<account_id>/reopen")(one(manages(reopen)))


def told(account: Account) -> Json:
    """An account as plain values, with its roles and what they allow."""
    own = {"roles": sorted(account.role_keys), "permissions": sorted(permissions_of(account))}
    return {name: getattr(account, name) for name in AccountSchema().fields if name not in own} | own


def index(asked: Json) -> tuple[list[Json], dict[str, str]]:
    """Everybody, by name"""
    with reading() as db:
        page = queries.page_of_accounts(db, asked["page"])
        return [told(each) for each in page.rows], following(page)


def show_one(account_id: str) -> Json:
    """One account"""
    with reading() as db:
        return told(queries.account(db, account_id))


def create(sent: Json) -> Json:
    """Make an account"""
    with transaction() as db:
        return told(commands.create_account(db, by=actor(), now=now(), **sent))


def change(sent: Json, account_id: str) -> Json:
    """Give an account exactly these roles"""
    with transaction() as db:
        found = queries.account(db, account_id)
        commands.change_roles(db, by=actor(), account=found, roles=sent["roles"], now=now())
        return told(found)


def close(account_id: str) -> Json:
    """Close an account: nobody signs in with it any more"""
    with transaction() as db:
        found = queries.account(db, account_id)
        commands.close_account(db, by=actor(), account=found, now=now())
        return told(found)


@once
def reopen(account_id: str) -> Json:
    """Let the owner of an account in again"""
    with transaction() as db:
        found = queries.account(db, account_id)
        commands.reopen_account(db, by=actor(), account=found, now=now())
        return told(found)
