"""`/api/v1/account`: who I am, and my tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people import admin_api, commands, queries, tokens
from gateway.people.access import actor, signed_in, the_account, the_caller
from gateway.people.admin_api import told
from gateway.people.models import Token
from gateway.people.once import once
from gateway.people.schemas import AccountSchema, IssuedTokenSchema, MailSchema, NewTokenSchema, TokenSchema

api = Blueprint("account", __name__, url_prefix="/api/v1", description="Who I am, my tokens, and accounts")
admin_api.add_to(api)


@api.get("/account")
@api.response(200, AccountSchema)
@signed_in
def show() -> Mapping[str, Any]:
    """My account, my roles and what they allow"""
    return told(the_account())


@api.put("/account/mail")
@api.arguments(MailSchema)
@api.response(204)
@signed_in
def choose_mail(sent: Mapping[str, Any]) -> None:
    """What I get by email: each notice, one letter a day, or none"""
    with transaction() as db:
        commands.choose_mail(db, owner=the_account(), mail=sent["mail"], now=now())


@api.get("/account/tokens")
@api.response(200, TokenSchema(many=True))
@signed_in
def list_tokens() -> Sequence[Token]:
    """My tokens, the newest first"""
    with reading() as db:
        return tokens.tokens_of(db, the_account().id)


@api.post("/account/tokens")
@api.arguments(NewTokenSchema)
@api.response(201, IssuedTokenSchema)
@signed_in
@once
def make_token(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a token; its secret is told this once

    A token that a token makes ends with it at the latest.
    """
    moment = now()
    with transaction() as db:
        me = queries.account(db, the_account().id)
        expires = the_caller().at_most(moment + timedelta(days=wanted["days"]))
        token, secret = tokens.issue(
            db, account=me, scope=wanted["scope"], expires=expires, label=wanted["label"], by=actor(), now=moment
        )
    told: dict[str, Any] = TokenSchema().dump(token)
    return {**{key: getattr(token, key) for key in told}, "secret": secret}


@api.delete("/account/tokens/<token_id>")
@api.response(204)
@signed_in
def revoke_token(token_id: str) -> None:
    """Revoke one of my tokens"""
    with transaction() as db:
        tokens.revoke(db, by=actor(), token=tokens.token_of(db, the_account().id, token_id), now=now())
