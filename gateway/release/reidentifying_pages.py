"""`/admin/re-identification`: ask whose pseudonym it is, allow what somebody else asks, see the answer once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Forbidden, Invalid, SlidegateError
from gateway.people import queries as people
from gateway.people.access import actor, may, requires, the_account
from gateway.people.models import Account
from gateway.people.once import once
from gateway.projects.queries import projects_of, titles, titles_of
from gateway.release import queries
from gateway.release import reidentifying as commands
from gateway.release.forgetting import NotAReason
from gateway.trail.record import record
from gateway.web.cards import Card
from gateway.web.paging import asked

reidentifying = Blueprint("reidentification", __name__, url_prefix="/admin/re-identification")


def cards(account: Account) -> list[Card]:
    """What waits for this person: others' questions to decide, own ones to see the answer of."""
    if not may(commands.PERMISSION):
        return []
    with reading() as db:
        waiting = queries.reidentifications_waiting(db, account.id, now())
    text = "Find out, two people together, which patient a pseudonym stands for."
    return [Card("Re-identification", text, "/admin/re-identification", count=waiting or None)]


@reidentifying.get("")
@requires(commands.PERMISSION)
def index() -> str:
    """The questions that are open, and the form for a new one."""
    return _index({}, {})


@reidentifying.post("")
@requires(commands.PERMISSION)
@once
def ask() -> Any:
    """Put a question."""
    typed = request.form.to_dict()
    try:
        with transaction() as db:
            commands.ask_reidentification(
                db,
                by=_me(db),
                project_id=typed.get("project", ""),
                pseudonym=typed.get("pseudonym", ""),
                reason=typed.get("reason", ""),
                now=now(),
            )
    except commands.NotAPseudonym as refusal:
        return _index(typed, {"pseudonym": refusal.message}), 422
    except NotAReason as refusal:
        return _index(typed, {"reason": refusal.message}), 422
    except (Invalid, Forbidden) as refusal:
        return _index(typed, {"project": refusal.message}), 422
    flash("Your question is put. Somebody else must allow it within 24 hours.", "success")
    return redirect(url_for(".index"), 303)


@reidentifying.post("/<question_id>/<any(allow, refuse):step>")
@requires(commands.PERMISSION)
def decide(question_id: str, step: str) -> Any:
    """The second person's word."""
    command = commands.allow_reidentification if step == "allow" else commands.refuse_reidentification
    try:
        with transaction() as db:
            command(db, by=_me(db), question=queries.reidentification(db, question_id), now=now())
    except (Conflict, Forbidden) as refusal:
        _denied(question_id, refusal)
        flash(refusal.message)
    else:
        flash("It is allowed." if step == "allow" else "It is refused.", "success")
    return redirect(url_for(".index"), 303)


@reidentifying.post("/<question_id>/answer")
@requires(commands.PERMISSION)
def answer(question_id: str) -> Any:
    """The answer, once: shown after the record of it is durable, and kept nowhere."""
    try:
        with transaction() as db:
            question = queries.reidentification(db, question_id)
            leave = commands.answer_reidentification(db, by=_me(db), question=question, now=now())
    except (Conflict, Forbidden) as refusal:
        _denied(question_id, refusal)
        flash(refusal.message)
        return redirect(url_for(".index"), 303)
    with reading() as db:
        return render_template("release/reidentified.html", leave=leave, patient=commands.patient_behind(db, leave))


def _denied(question_id: str, refusal: SlidegateError) -> None:
    """An attempt that failed is on the record too."""
    with transaction() as db:
        question = queries.reidentification(db, question_id)
        record(
            db,
            action="reidentification.denied",
            actor=actor(),
            now=now(),
            project=question.project_id,
            subject=question.id,
            detail={"code": refusal.code},
        )


def _me(db: Session) -> Account:
    return people.account(db, the_account().id)


def _index(values: dict[str, Any], faults: dict[str, Any]) -> str:
    with reading() as db:
        me = the_account()
        named, mine = request.args.get("find", ""), {each.id for each in projects_of(db, me.id)}
        page = queries.page_of_reidentifications(db, me.id, now(), asked())
        people_named = {one for each in page.rows for one in (each.asked_by, each.allowed_by) if one is not None}
        return render_template(
            "release/reidentification.html",
            me=me.id,
            page=page,
            names=people.names(db, people_named),
            titles=titles_of(db, {each.project_id for each in page.rows}),
            find=named,
            projects=[pair for pair in titles(db, named) if pair[0] not in mine],
            reasons=list(commands.REASONS.items()),
            reason_texts=commands.REASONS,
            values=values,
            faults=faults,
        )
