"""`/blocks`: whom stewards have blocked from which dataset, and lifting it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.catalogue import queries as catalogue
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Forbidden, Invalid
from gateway.governance.deciding import end_of
from gateway.governance.schemas import BlockSchema, LiftSchema, faults
from gateway.governance.sent import date_sent, sent_as
from gateway.governance.viewer import me
from gateway.people.access import requires
from gateway.people.models import Account
from gateway.projects import blocking
from gateway.projects.models import Block
from gateway.web.paging import asked

blocks = Blueprint("blocks", __name__)
BLOCKS = "application.triage"


@blocks.get("/blocks")
@requires(BLOCKS)
def index() -> str:
    """All of them, and a form for another."""
    return _list({}, {})


@blocks.post("/blocks")
@requires(BLOCKS)
def block() -> Any:
    """Block somebody."""
    sent = {**sent_as(BlockSchema, request.form), "ends_on": date_sent("ends_on", request.form)}
    try:
        values = BlockSchema().load(sent)
        with transaction() as db:
            make(db, by=me(db), values=values, moment=now())
    except ValidationError as error:
        return _list(request.form.to_dict(), faults(error)), 422
    except (Conflict, Forbidden, Invalid) as refusal:
        return _list(request.form.to_dict(), {"email": refusal.message}), 422
    flash("They are blocked. Access that runs already is not touched: suspend or revoke it on the project.")
    return redirect(url_for(".index"))


@blocks.post("/blocks/<block_id>/lift")
@requires(BLOCKS)
def lift(block_id: str) -> Response:
    """Lift a block."""
    try:
        values = LiftSchema().load(sent_as(LiftSchema, request.form))
        with transaction() as db:
            found = blocking.block_named(db, block_id)
            blocking.lift(db, by=me(db), made=found, reason=values["reason"], now=now())
    except ValidationError as error:
        flash(next(iter(faults(error).values())) + ".")
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    else:
        flash("The block is lifted.")
    return redirect(url_for(".index"))


def make(db: Session, *, by: Account, values: Mapping[str, Any], moment: datetime) -> Block:
    """BlockSchema: block a person from the dataset of that short name, until the end of a day if one is given."""
    last: date | None = values["ends_on"]
    return blocking.block(
        db,
        by=by,
        dataset_id=catalogue.dataset(db, values["dataset"]).id,
        email=values["email"],
        reason=values["reason"],
        ends=end_of(last) if last else None,
        now=moment,
    )


def _list(typed: dict[str, Any], found_faults: dict[str, str]) -> str:
    moment = now()
    with reading() as db:
        offered = catalogue.datasets(db)
        return render_template(
            "governance/blocks.html",
            page=blocking.page_of_blocks(db, asked()),
            titles={each.id: each.title for each in offered},
            datasets=offered,
            now=moment,
            values=typed,
            faults=found_faults,
        )
