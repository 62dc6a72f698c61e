"""The pages of people: the start page, signing in and out, and what hangs on every page about who looks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, g, make_response, redirect, render_template, request
from flask import session as form_session
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import transaction
from gateway.people import session as callers
from gateway.people import sign_ins
from gateway.people.access import may, the_account
from gateway.people.account_pages import own
from gateway.people.admin_pages import admin
from gateway.people.coming_back import safe_next
from gateway.people.models import Account, SignIn
from gateway.people.schemas import SignInSchema, faults
from gateway.people.session import caller, current_account
from gateway.people.signing_in import SignInRefused
from gateway.people.signing_in import sign_in as open_session
from gateway.settings import current
from gateway.web.cards import Card
from gateway.web.security import protect_forms

pages = Blueprint("people", __name__, template_folder="templates")
pages.register_blueprint(own)
pages.register_blueprint(admin)


def install(app: Flask) -> None:
    """Know the caller before any page runs, then check its form token; tell templates who looks."""
    callers.install(app)
    app.before_request(protect_forms)
    app.context_processor(lambda: {"account": current_account() if "caller" in g else None, "may": may})
    app.extensions.setdefault("dashboard", []).append(_cards)


def _cards(account: Account) -> list[Card]:
    cards = [Card("Your account", "Your sessions, your password, and tokens for programs.", "/account")]
    if may("account.manage"):
        cards.append(Card("Accounts", "Add people, and say what they may do.", "/admin"))
    return cards


@pages.get("/")
def home() -> str:
    """What this is, for strangers; what waits, for those who are signed in."""
    account = current_account()
    if account is None:
        return render_template("people/front.html")
    cards = [card for room in current_app.extensions["dashboard"] for card in room(account)]
    waiting = [card for card in cards if card.count]
    return render_template("people/home.html", waiting=waiting, more=[card for card in cards if not card.count])


@pages.get("/sign-in")
def sign_in() -> str | Response:
    """The form."""
    wanted = request.args.get("next", "")
    if current_account() is not None:
        return redirect(safe_next(wanted), 303)
    return _form({"next": wanted}, {})


@pages.post("/sign-in")
def signing_in() -> Any:
    """A new session with a new id, or the form again."""
    try:
        sent = SignInSchema().load(request.form)
        secret = open_session(email=sent["email"], password=sent["password"], now=now())
    except ValidationError as error:
        return _form(request.form, faults(error)), 422
    except SignInRefused as refusal:
        return _form(request.form, {"email": refusal.message}), 401
    _close_present()
    form_session.clear()
    response = make_response(redirect(safe_next(sent["next"]), 303))
    callers.set_cookie(response, secret)
    return response


@pages.post("/sign-out")
def sign_out() -> Response:
    """Close this session, on this side too."""
    the_account()
    _close_present()
    form_session.clear()
    response = make_response(redirect("/", 303))
    callers.clear_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _close_present() -> None:
    found = caller()
    if found is None or found.session_id is None:
        return
    with transaction() as db:
        present = db.get(SignIn, found.session_id)
        if present is not None:
            sign_ins.close_session(db, session=present, now=now())


def _form(values: Any, found_faults: dict[str, Any]) -> str:
    return render_template(
        "people/sign_in.html",
        hours=current().session_hours,
        idle=current().session_idle_minutes,
        values={"email": values.get("email", ""), "next": safe_next(values.get("next", ""))},
        faults=found_faults,
    )
