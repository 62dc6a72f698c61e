"""`/admin`: the accounts, their roles, and new ones. Administrators see people here, and no data."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.people import commands, queries
from gateway.people.access import actor, requires
from gateway.people.roles import roles
from gateway.people.schemas import NewAccountSchema, RolesSchema, faults
from gateway.web.paging import asked

admin = Blueprint("admin", __name__, url_prefix="/admin")


@admin.get("")
@requires("account.manage")
def index() -> str:
    """Everybody; `?q=` keeps those whose name or address holds it."""
    named = request.args.get("q", "")
    with reading() as db:
        page = queries.page_of_accounts(db, asked(), named=named)
        return render_template("people/accounts.html", page=page, named=named, roles=roles().by_key, now=now())


@admin.get("/accounts/new")
@requires("account.manage")
def new() -> str:
    """The form for a new account."""
    return _new_page({}, {})


@admin.post("/accounts")
@requires("account.manage")
def create() -> Any:
    """Make it."""
    typed = {**request.form.to_dict(), "roles": request.form.getlist("roles")}
    try:
        sent = NewAccountSchema().load(typed)
        with transaction() as db:
            commands.create_account(db, by=actor(), now=now(), **sent)
    except ValidationError as error:
        return _new_page(typed, faults(error)), 422
    except (commands.EmailTaken, commands.BadEmail) as refusal:
        return _new_page(typed, {"email": refusal.message}), 422
    except Invalid as refusal:
        return _new_page(typed, {"password": refusal.message}), 422
    flash("The account is made.", "success")
    return redirect(url_for(".index"), 303)


@admin.get("/accounts/<account_id>")
@requires("account.manage")
def show(account_id: str) -> str:
    """One account and its roles."""
    with reading() as db:
        found = queries.account(db, account_id)
        return render_template("people/account_roles.html", person=found, roles=roles())


@admin.post("/accounts/<account_id>/roles")
@requires("account.manage")
def change(account_id: str) -> Any:
    """Give exactly the roles that are ticked."""
    try:
        sent = RolesSchema().load({"roles": request.form.getlist("roles")})
        with transaction() as db:
            found = queries.account(db, account_id)
            commands.change_roles(db, by=actor(), account=found, roles=sent["roles"], now=now())
    except ValidationError:
        flash("Choose roles from the list.")
    except Conflict as refusal:
        flash(refusal.message)
    else:
        flash("The roles are changed.", "success")
    return redirect(url_for(".show", account_id=account_id), 303)


@admin.post("/accounts/<account_id>/<any(close, reopen):step>")
@requires("account.manage")
def close_or_reopen(account_id: str, step: str) -> Any:
    """Close an account, or let its owner in again."""
    command = commands.close_account if step == "close" else commands.reopen_account
    try:
        with transaction() as db:
            command(db, by=actor(), account=queries.account(db, account_id), now=now())
    except Conflict as refusal:
        flash(refusal.message)
    else:
        flash("The account is closed." if step == "close" else "The account is open.", "success")
    return redirect(url_for(".show", account_id=account_id), 303)


def _new_page(values: dict[str, Any], found_faults: dict[str, Any]) -> str:
    return render_template("people/new_account.html", values=values, faults=found_faults, roles=roles().by_key)
