"""`/account`: my sessions, my tokens, my password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.people import commands, queries, sign_ins, tokens
from gateway.people.access import actor, signed_in, the_account, the_caller
from gateway.people.once import once
from gateway.people.reaffirming import WrongPassword, reaffirm
from gateway.people.roles import permissions_of, roles
from gateway.people.schemas import MailSchema, NewTokenSchema, PasswordSchema, faults
from gateway.settings import current

own = Blueprint("own", __name__, url_prefix="/account")
LENGTHS = (1, 7, 14, 30, 90)


@own.get("")
@signed_in
def show() -> str:
    """Everything about my account on one page."""
    return _page()


@own.post("/password")
@signed_in
def change_password() -> Any:
    """A new password; every other session ends."""
    try:
        sent = PasswordSchema().load(request.form)
        owner = reaffirm(account_id=the_account().id, password=sent["present"], now=now())
        with transaction() as db:
            commands.change_password(db, owner=owner, new=sent["new"], keep=_session_id(), now=now())
    except ValidationError as error:
        return _page(faults=faults(error)), 422
    except WrongPassword as refusal:
        return _page(faults={"present": refusal.message}), 422
    except Invalid as refusal:
        return _page(faults={"new": refusal.message}), 422
    flash("Your password is changed, and all your other sessions are signed out.", "success")
    return redirect(url_for(".show"), 303)


@own.post("/mail")
@signed_in
def choose_mail() -> Any:
    """What I get by email."""
    try:
        sent = MailSchema().load(request.form)
    except ValidationError as error:
        return _page(faults=faults(error)), 422
    with transaction() as db:
        commands.choose_mail(db, owner=the_account(), mail=sent["mail"], now=now())
    flash("Your choice is kept.", "success")
    return redirect(url_for(".show"), 303)


@own.post("/tokens")
@signed_in
@once
def make_token() -> Any:
    """A new token; its secret is on the page that answers, and nowhere else."""
    moment = now()
    try:
        sent = NewTokenSchema().load(request.form)
        with transaction() as db:
            me = queries.account(db, the_account().id)
            token, secret = tokens.issue(
                db,
                account=me,
                scope=sent["scope"],
                expires=the_caller().at_most(moment + timedelta(days=sent["days"])),
                label=sent["label"],
                by=actor(),
                now=moment,
            )
    except ValidationError as error:
        return _page(faults=faults(error), values=request.form), 422
    except Invalid as refusal:
        return _page(faults={"days": refusal.message}, values=request.form), 422
    return _page(made=token, secret=secret), 201


@own.post("/tokens/<token_id>/revoke")
@signed_in
def revoke_token(token_id: str) -> Response:
    """End one of my tokens."""

    def end(db: Any) -> None:
        tokens.revoke(db, by=actor(), token=tokens.token_of(db, the_account().id, token_id), now=now())

    return _do(end, "The token is revoked.")


@own.post("/sessions/close")
@signed_in
def close_sessions() -> Response:
    """Sign me out everywhere else."""

    def end(db: Any) -> None:
        sign_ins.close_others(db, account_id=the_account().id, keep=_session_id(), now=now())

    return _do(end, "You are signed out everywhere else.")


def _do(change: Callable[[Any], None], done: str) -> Response:
    try:
        with transaction() as db:
            change(db)
    except Conflict as refusal:
        flash(refusal.message)
    else:
        flash(done, "success")
    return redirect(url_for(".show"), 303)


def _session_id() -> str | None:
    return the_caller().session_id


def _page(**extra: Any) -> str:
    account, moment = the_account(), now()
    longest = current().token_max_days
    known = roles().by_key
    with reading() as db:
        listed = tokens.tokens_of(db, account.id)
        told: dict[str, Any] = {
            "sessions": sign_ins.open_sessions(db, account.id, moment),
            "this_session": _session_id(),
            "tokens": listed,
            "roles": [known[key] for key in known if key in account.role_keys],
            "permissions": permissions_of(account),
            "lengths": [days for days in LENGTHS if days <= longest],
            "now": moment,
            "faults": {},
            "values": {"days": 7},
            "made": None,
        }
    return render_template("people/account.html", **{**told, **extra})
