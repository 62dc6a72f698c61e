"""`/concerns`: what panels say about uses, and what stewards do about it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Forbidden
from gateway.people import queries as people
from gateway.people.access import may, requires, the_account
from gateway.people.models import Account
from gateway.people.once import once
from gateway.projects.standing import standing
from gateway.transparency import commands, counting, queries, tallies, uses
from gateway.transparency.models import Choice, Kind, State
from gateway.transparency.schemas import AnswerSchema, RaiseSchema
from gateway.web.cards import Card
from gateway.web.paging import asked

concerns = Blueprint("concerns", __name__)
KINDS = (
    (Kind.ASK, "Ask a question"),
    (Kind.COMMENT, "Leave a comment", "Nobody has to answer it."),
    (Kind.CONCERN, "Raise a concern", "A data steward can stop the project because of it."),
)
CHOICES = (
    (Choice.CONTENT, "I am content with it"),
    (Choice.QUESTIONS, "I have questions", "A data steward owes you an answer."),
    (Choice.NOT_CONTENT, "I am not content with it", "It goes to the data stewards as a concern."),
)


def cards(_account: Account) -> list[Card]:
    """For stewards: how many answers they owe. For panels: the way to what was said and answered."""
    if may("concern.answer"):
        with reading() as db:
            owed = queries.owed(db, now())
        late = f"{owed.overdue} of them too long." if owed.overdue else "None of them is late."
        text = (
            f"Questions and concerns of the panel wait for an answer. {late}"
            if owed.open
            else "None waits for an answer."
        )
        return [Card("Concerns", text, "/concerns", owed.open or None)]
    if may("concern.raise"):
        return [Card("Concerns", "What was asked about the use of the data, and what was answered.", "/concerns")]
    return []


@concerns.get("/concerns")
@requires("usage.read")
def index() -> str:
    """All of them, what waits longest first."""
    with reading() as db:
        page = queries.page_of_concerns(db, the_account(), now(), asked())
        return render_template("transparency/concerns.html", page=page)


@concerns.post("/usage/<project_id>/concerns")
@requires("concern.raise")
@once
def raise_concern(project_id: str) -> Any:
    """Say something about a project."""
    typed = request.form.to_dict()
    try:
        sent = RaiseSchema().load(typed)
    except ValidationError as refusal:
        return use_page(project_id, typed, refusal.messages_dict), 422
    with transaction() as db:
        made = commands.raise_concern(db, by=_me(db), project=uses.project(db, project_id), now=now(), **sent)
    flash("Thank you. It is on the record.", "success")
    return redirect(url_for(".show", concern_id=made.id), 303)


@concerns.get("/concerns/<concern_id>")
@requires("usage.read")
def show(concern_id: str) -> str:
    """One of them."""
    return _page(concern_id, {}, {})


@concerns.post("/concerns/<concern_id>/answer")
@requires("concern.answer")
def answer(concern_id: str) -> Any:
    """A steward's answer."""
    typed = request.form.to_dict()
    try:
        sent = AnswerSchema().load(typed)
    except ValidationError as refusal:
        return _page(concern_id, typed, refusal.messages_dict), 422
    try:
        with transaction() as db:
            found = queries.concern(db, concern_id)
            commands.answer(db, by=_me(db), concern=found, text=sent["answer"], now=now())
    except (Conflict, Forbidden) as refusal:
        flash(refusal.message)
    else:
        flash("Your answer is on the record.", "success")
    return redirect(url_for(".show", concern_id=concern_id), 303)


@concerns.post("/concerns/<concern_id>/suspend")
@requires("concern.answer")
def suspend(concern_id: str) -> Response:
    """Stop the project because of it."""
    try:
        with transaction() as db:
            commands.suspend_for(db, by=_me(db), concern=queries.concern(db, concern_id), now=now())
    except (Conflict, Forbidden) as refusal:
        flash(refusal.message)
    else:
        flash("Access is suspended. What was being read has stopped.", "success")
    return redirect(url_for(".show", concern_id=concern_id), 303)


def use_page(project_id: str, values: dict[str, Any], faults: dict[str, Any]) -> str:
    """The page of one use, with what was said about it and the form to say more."""
    moment = now()
    with reading() as db:
        return render_template(
            "transparency/use.html",
            use=uses.use(db, project_id, moment),
            told=counting.newest(db, moment),
            said=queries.concerns_about(db, the_account(), moment, project_id=project_id),
            kinds=KINDS,
            votes=tallies.of_project(db, project_id),
            voting=may("usage.vote") and tallies.may_still_vote(db, account=the_account(), project_id=project_id),
            choices=CHOICES,
            values=values,
            faults=faults,
        )


def _page(concern_id: str, values: dict[str, Any], faults: dict[str, Any]) -> str:
    moment = now()
    with reading() as db:
        found = queries.concern(db, concern_id)
        return render_template(
            "transparency/concern.html",
            each=queries.told(found, the_account(), moment),
            standings=[standing(grant, moment) for grant in found.project.grants],
            answerable=found.state != State.ANSWERED and found.raised_by_id != the_account().id,
            values=values,
            faults=faults,
        )


def _me(db: Session) -> Account:
    return people.account(db, the_account().id)
