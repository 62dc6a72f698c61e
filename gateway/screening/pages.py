"""`/screening`: pictures that the machine could not judge, for people to decide on; looking at one is on the trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.seen import facts_of, is_slide, stale
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import SlidegateError
from gateway.people import queries as people
from gateway.people.access import actor, may, requires, the_account
from gateway.people.models import Account
from gateway.people.once import once
from gateway.pixels.boxes import Box
from gateway.pixels.rules import load_rules
from gateway.screening import commands, queries
from gateway.screening.models import Opinion
from gateway.screening.picture import NOTHING, NoSuchFrame, Sheet, drawn, sheet_of
from gateway.screening.schemas import OpinionSchema
from gateway.settings import current
from gateway.trail.record import record
from gateway.web.cards import Card

pages = Blueprint(
    "screening", __name__, url_prefix="/screening", template_folder="templates",
    static_folder="static", static_url_path="/assets",
)  # fmt: skip
SIDES = ("left", "top", "right", "bottom")


def install(app: Flask) -> None:
    """Put what waits on the dashboard of those who decide on it."""
    app.extensions.setdefault("dashboard", []).append(cards)


def cards(_account: Account) -> list[Card]:
    """The way to the queue, with how many pictures wait."""
    if not may(commands.PERMISSION):
        return []
    with reading() as db:
        count = len(queries.waiting(db, load_rules(current().policies_dir)))
    text = "Something was found in these pictures, or they could not be read: a person decides what becomes of them."
    return [Card("Pictures to look at", text, "/screening", count or None)]


@pages.get("")
@requires(commands.PERMISSION)
def queue() -> str:
    """What waits, oldest first, and what was decided."""
    rules = load_rules(current().policies_dir)
    with reading() as db:
        return render_template(
            "screening/queue.html",
            waiting=queries.waiting(db, rules),
            decided=queries.decided(db, rules),
            counts=queries.counts(db, rules),
            stale=stale(db, rules),
        )


@pages.post("/again")
@requires(commands.PERMISSION)
@once
def again() -> Response:
    """Have looked at again what is stale or failed."""
    with transaction() as db:
        commands.look_again(db, by=actor(), now=now())
    flash("Everything that is new, out of date or failed will be looked at. This can take a while.", "success")
    return redirect(url_for(".queue"), 303)


@pages.get("/<screening_id>")
@requires(commands.PERMISSION)
def show(screening_id: str) -> str:
    """One picture with what was found on it."""
    frame = request.args.get("frame", 1, type=int)
    with transaction() as db:  # what shows a person pixels that nobody has judged is on the record first
        seen = queries.screening(db, screening_id)
        detail = {"screening": seen.id, "frame": frame}
        record(db, action="pixels.opened", actor=actor(), now=now(), subject=seen.instance_id, detail=detail)
    return _page(screening_id, frame, {}, None)


@pages.get("/<screening_id>/picture")
@requires(commands.PERMISSION)
def picture(screening_id: str) -> Response:
    """The picture as JPEG; kept by nobody."""
    frame = request.args.get("frame", 1, type=int)
    with transaction() as db:  # on the record first, however the picture is asked for
        seen = queries.screening(db, screening_id)
        instance = db.get_one(Instance, seen.instance_id)
        detail = {"screening": seen.id, "frame": frame}
        record(db, action="pixels.shown", actor=actor(), now=now(), subject=seen.instance_id, detail=detail)
    if not sheet_of(seen, instance, frame).width:
        raise commands.NothingToSee
    body = drawn(instance, frame)
    return Response(body, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})


@pages.post("/<screening_id>")
@requires(commands.PERMISSION)
def decide(screening_id: str) -> Any:
    """A person's word on it."""
    boxes = _typed_boxes()
    try:
        said = OpinionSchema().load({"decision": request.form.get("decision", ""), "boxes": boxes})
    except ValidationError as refusal:
        return _page(screening_id, 1, _flat(refusal), boxes), 422
    try:
        with transaction() as db:
            me, seen = people.account(db, the_account().id), queries.screening(db, screening_id)
            opinion = commands.give_opinion(db, by=me, screening=seen, now=now(), **said)
            settles = opinion.settles
    except SlidegateError as refusal:
        flash(refusal.message)
        return redirect(url_for(".queue"), 303)
    flash(
        "It is decided, and is being carried out." if settles else "Your word is noted; another person decides too.",
        "success",
    )
    return redirect(_next(screening_id), 303)


def _typed_boxes() -> list[list[str]]:
    """The rows of the form that are not struck out; empty rows do not count."""
    columns = [request.form.getlist(side) for side in SIDES]
    gone = set(request.form.getlist("gone"))
    rows = [list(row) for row in zip(*columns, strict=False)]
    return [row for number, row in enumerate(rows) if str(number) not in gone and any(row)]


def _flat(refusal: ValidationError) -> dict[str, str]:
    """One sentence for each field."""
    told: dict[str, Any] = refusal.messages_dict
    plain = {"decision": "Choose what becomes of the picture.", "boxes": "A box needs four whole numbers."}
    return {name: each[0] if isinstance(each, list) else plain.get(name, "") for name, each in told.items()}


def _next(screening_id: str) -> str:
    with reading() as db:
        left = [each.id for each in queries.waiting(db, load_rules(current().policies_dir)) if not each.ready]
    following = [each for each in left if each != screening_id]
    return url_for(".show", screening_id=following[0]) if following else url_for(".queue")


def _page(screening_id: str, frame: int, faults: dict[str, str], typed: list[list[str]] | None) -> str:
    rules = load_rules(current().policies_dir)
    with reading() as db:
        seen = queries.screening(db, screening_id)
        instance = db.get_one(Instance, seen.instance_id)
        said = queries.opinions_on(db, seen.id)
        sheet, fault = _sheet(seen, instance, frame)
        others = [each for each in said if each.account_id != the_account().id]
        boxes: list[Any] = typed if typed is not None else _boxes_to_start_with(sheet.boxes, others)
        return render_template(
            "screening/picture.html",
            seen=seen,
            instance=instance,
            slide=is_slide(instance),
            sheet=sheet,
            cannot_show=fault,
            boxes=boxes,
            opinions=[(people.account(db, each.account_id).name, each) for each in said],
            people_needed=rules.verdict(facts_of(instance)).people,
            settled=any(each.settles for each in said),
            faults=faults,
            sides=SIDES,
        )


def _sheet(seen: Screening, instance: Instance, frame: int) -> tuple[Sheet, str]:
    """The measures of the picture, or why it cannot be shown."""
    try:
        return sheet_of(seen, instance, frame), seen.reason
    except NoSuchFrame:
        raise
    except SlidegateError as error:
        return NOTHING, error.message


def _boxes_to_start_with(found: Sequence[Box], others: Sequence[Opinion]) -> list[list[int]]:
    """Another person's boxes, so that one can agree with them; else what the machine marked."""
    drawn_before = [each.boxes for each in others if each.decision == commands.REDACT]
    return drawn_before[-1] if drawn_before else [[each.left, each.top, each.right, each.bottom] for each in found]
