"""`/admin/webhooks`: where other systems hear what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, NotFound
from gateway.paging import page_of
from gateway.people.access import actor, may, requires
from gateway.people.models import Account
from gateway.people.once import once
from gateway.people.schemas import faults
from gateway.web.cards import Card
from gateway.web.paging import asked
from gateway.webhooks import commands
from gateway.webhooks.models import Webhook
from gateway.webhooks.schemas import WebhookSchema
from gateway.webhooks.signing import secret_of

pages = Blueprint("webhooks", __name__, url_prefix="/admin/webhooks", template_folder="templates")
MANAGE = "webhook.manage"


class NoSuchWebhook(NotFound):
    """No webhook has this id."""

    code = "webhook-not-found"
    title = "There is no such webhook"


def install(app: Flask) -> None:
    """A card on the desk of administrators."""
    app.extensions.setdefault("dashboard", []).append(_cards)


@pages.get("")
@requires("webhook.manage")
def index() -> str:
    """All webhooks, and the form for a new one."""
    return _page()


@pages.post("")
@requires("webhook.manage")
@once
def add() -> Any:
    """A new one; its secret is on the page that answers, and nowhere else."""
    typed = {"url": request.form.get("url", "").strip(), "types": request.form.getlist("types")}
    try:
        sent = WebhookSchema().load(typed)
    except ValidationError as error:
        found = {
            key: told if isinstance(told, list) else ["Choose from the list"] for key, told in faults(error).items()
        }
        return _page(faults=found, values=typed), 422
    with transaction() as db:
        hook = commands.add(db, by=actor(), now=now(), **sent)
    return _page(secret=secret_of(hook)), 201


@pages.post("/<hook_id>/secret")
@requires("webhook.manage")
def change_secret(hook_id: str) -> Any:
    """A new secret, shown once; the former one is good no longer."""
    try:
        with transaction() as db:
            hook = _hook(db, hook_id)
            commands.change_secret(db, by=actor(), hook=hook, now=now())
    except Conflict as refusal:
        return _back(refusal.message)
    return _page(secret=secret_of(hook)), 200


@pages.post("/<hook_id>/test")
@requires("webhook.manage")
def try_out(hook_id: str) -> Response:
    """Send an event that is none."""
    return _do(hook_id, lambda db, hook: commands.try_out(db, hook=hook, now=now()), "A test is on its way.")


@pages.post("/<hook_id>/close")
@requires("webhook.manage")
def close(hook_id: str) -> Response:
    """Send it nothing more."""
    return _do(hook_id, lambda db, hook: commands.close(db, by=actor(), hook=hook, now=now()), "The webhook is closed.")


def _do(hook_id: str, change: Callable[[Session, Webhook], None], done: str) -> Response:
    try:
        with transaction() as db:
            change(db, _hook(db, hook_id))
    except Conflict as refusal:
        return _back(refusal.message)
    return _back(done, "success")


def _back(words: str, kind: str = "message") -> Response:
    flash(words, kind)
    return redirect(url_for(".index"), 303)


def _hook(db: Session, hook_id: str) -> Webhook:
    found = db.get(Webhook, hook_id, with_for_update=True)
    if found is None:
        raise NoSuchWebhook
    return found


def _page(**extra: Any) -> str:
    with reading() as db:
        page = page_of(db, select(Webhook).order_by(Webhook.made_at.desc(), Webhook.id), asked())
    told: dict[str, Any] = {"page": page, "types": commands.TYPES, "faults": {}, "values": {}, "secret": None}
    return render_template("webhooks/webhooks.html", **{**told, **extra})


def _cards(account: Account) -> list[Card]:
    if not may(MANAGE):
        return []
    return [Card("Webhooks", "Tell other systems what happens here.", "/admin/webhooks")]
