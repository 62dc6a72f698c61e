"""`/account/visas`: what others say of me, for those who judge my applications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from marshmallow import ValidationError
from sqlalchemy import select
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.people.access import signed_in, the_account
from gateway.people.models import Account
from gateway.people.schemas import faults
from gateway.settings import current
from gateway.visas import commands
from gateway.visas.models import Evidence
from gateway.visas.schemas import ShowSchema
from gateway.visas.trusting import issuers
from gateway.web.cards import Card

evidence = Blueprint("evidence", __name__, url_prefix="/account/visas", template_folder="templates")


def install(app: Flask) -> None:
    """Show reviewers what others say of an applicant; and the way here, if any issuer is believed."""
    app.extensions.setdefault("applicant_panels", []).append(panel)
    app.extensions.setdefault("dashboard", []).append(_cards)


@evidence.get("")
@signed_in
def index() -> str:
    """What others say of me, and the form for more."""
    return _page()


@evidence.post("")
@signed_in
def show() -> Any:
    """Check a visa, and keep what it says."""
    try:
        sent = ShowSchema().load(request.form)
        with transaction() as db:
            trusted = issuers(current().policies_dir)
            commands.show(db, by=the_account(), token=sent["visa"].strip(), trusted=trusted, now=now())
    except ValidationError as error:
        return _page(faults=faults(error)), 422
    except (Invalid, Conflict) as refusal:
        return _page(faults={"visa": refusal.message}), 422
    flash("The visa holds. Those who judge your applications see what it says.", "success")
    return redirect(url_for(".index"), 303)


@evidence.post("/<evidence_id>/put-away")
@signed_in
def put_away(evidence_id: str) -> Response:
    """Show it no longer."""
    with transaction() as db:
        commands.put_away(db, by=the_account(), evidence_id=evidence_id, now=now())
    flash("It is no longer shown.", "success")
    return redirect(url_for(".index"), 303)


def panel(people: Sequence[Account]) -> Markup:
    """What others say of these people, and what of it is still good; empty if nothing is."""
    with reading() as db:
        query = select(Evidence, Account).join(Account, Account.id == Evidence.account_id)
        mine = query.where(Evidence.account_id.in_([each.id for each in people]), Evidence.expires_at > now())
        found = [tuple(row) for row in db.execute(mine.order_by(Account.name, Evidence.type, Evidence.id))]
    return Markup(render_template("visas/panel.html", found=found)) if found else Markup()  # noqa: S704  # our template


def _page(**extra: Any) -> str:
    with reading() as db:
        mine = select(Evidence).where(Evidence.account_id == the_account().id)
        found = db.scalars(mine.order_by(Evidence.type, Evidence.id)).all()
    told: dict[str, Any] = {"found": found, "issuers": issuers(current().policies_dir), "now": now(), "faults": {}}
    return render_template("visas/visas.html", **{**told, **extra})


def _cards(account: Account) -> list[Card]:
    if not issuers(current().policies_dir):
        return []
    return [Card("Visas", "Show what others say of you to those who judge your applications.", "/account/visas")]
