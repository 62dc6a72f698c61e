"""The committee's pages: what waits for me, and one page on which to choose reviewers, recommend or decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from marshmallow import Schema, ValidationError

from gateway.catalogue import custodians
from gateway.catalogue import queries as catalogue
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.governance import guards, progress, queries
from gateway.governance.changing import earlier_submission
from gateway.governance.committee import sites_to_answer
from gateway.governance.desk import days_since, desk, proposed_decision, waiting_for
from gateway.governance.fitting import fits
from gateway.governance.history import beside
from gateway.governance.judging import (
    Judgement,
    choose_reviewers,
    give_decision,
    give_review,
    give_site_answer,
    give_vote,
    hear_appeal,
    tell_conflict,
)
from gateway.governance.models import Application, State
from gateway.governance.schemas import (
    ConflictSchema,
    DecisionSchema,
    HearingSchema,
    ReviewSchema,
    SiteSchema,
    TriageSchema,
    VoteSchema,
    faults,
)
from gateway.governance.sent import decision_sent, review_sent, reviewers_sent, sent_as
from gateway.governance.viewer import judged, me, reads_all
from gateway.people.access import signed_in
from gateway.people.models import Account
from gateway.web.paging import asked

reviewing = Blueprint("reviewing", __name__)
FORMS: tuple[type[Schema], ...] = (
    ReviewSchema,
    SiteSchema,
    VoteSchema,
    ConflictSchema,
    HearingSchema,
    DecisionSchema,
)
EMPTY = dict.fromkeys([key for each in FORMS for key in each().fields], "")
THANKS = "Thank you. Your answer is recorded."
Panel = Callable[[Sequence[Account]], Markup]  # rooms put what they know of applicants in `applicant_panels`


@reviewing.get("/reviews")
@signed_in
def index() -> str:
    """What waits for me, and since when."""
    moment = now()
    with reading() as db:
        waits = waiting_for(db, me(db), asked())
        days = {each.application.id: days_since(each.since, moment) for each in waits.page.rows}
        return render_template("governance/reviews.html", waits=waits, days=days)


@reviewing.get("/reviews/<application_id>")
@signed_in
def show(application_id: str) -> str:
    """The application beside what I have to do about it."""
    return _page(application_id, None, {})


@reviewing.post("/reviews/<application_id>/reviewers")
@signed_in
def choose(application_id: str) -> Any:
    """Begin the review with these reviewers, or ask another."""
    sent = {
        "reviewers": reviewers_sent(request.form),
        "version": request.form.get("version") or None,
        "no_conflict": "no_conflict" in request.form,
    }
    return _do(application_id, TriageSchema(), sent, choose_reviewers, "The reviewers have been asked.")


@reviewing.post("/reviews/<application_id>/review")
@signed_in
def review(application_id: str) -> Any:
    """Recommend, or step aside."""
    sent = review_sent(request.form)
    return _do(application_id, ReviewSchema(), sent, give_review, THANKS)


@reviewing.post("/reviews/<application_id>/site")
@signed_in
def site(application_id: str) -> Any:
    """Agree for a site, or decline."""
    return _do(application_id, SiteSchema(), sent_as(SiteSchema, request.form), give_site_answer, THANKS)


@reviewing.post("/reviews/<application_id>/vote")
@signed_in
def vote(application_id: str) -> Any:
    """Vote."""
    return _do(application_id, VoteSchema(), sent_as(VoteSchema, request.form), give_vote, "Your vote is recorded.")


@reviewing.post("/reviews/<application_id>/conflict")
@signed_in
def conflict(application_id: str) -> Any:
    """Declare a conflict of interest."""
    return _do(application_id, ConflictSchema(), sent_as(ConflictSchema, request.form), tell_conflict, THANKS)


@reviewing.post("/reviews/<application_id>/decision")
@signed_in
def decide(application_id: str) -> Any:
    """Approve, return or reject."""
    sent = decision_sent(request.form)
    return _do(application_id, DecisionSchema(), sent, give_decision, "The decision is recorded.")


@reviewing.post("/reviews/<application_id>/appeal")
@signed_in
def appeal(application_id: str) -> Any:
    """Allow the appeal, or dismiss it."""
    sent = sent_as(HearingSchema, request.form)
    return _do(application_id, HearingSchema(), sent, hear_appeal, "The appeal is decided.")


def _do(application_id: str, schema: Schema, sent: dict[str, Any], judge: Judgement, done: str) -> Any:
    """Validate, judge in one transaction, and come back with what happened in plain words."""
    try:
        values = schema.load(sent)
        with transaction() as db:
            judged(db, application_id, judge, values)
    except ValidationError as error:
        return _page(application_id, _as_typed(), faults(error)), 422
    except guards.EndNotAllowed as refusal:
        return _page(application_id, _as_typed(), {"ends_on": refusal.message}), 422
    except Invalid as refusal:
        return _page(application_id, _as_typed(), {_first_field(schema): refusal.message}), 422
    except Conflict as refusal:
        flash(refusal.message)
        return redirect(url_for(".show", application_id=application_id))
    flash(done)
    return redirect(url_for(".index"))


def _first_field(schema: Schema) -> str:
    return next(key for key in schema.fields if key not in ("version", "no_conflict"))


def _as_typed() -> dict[str, Any]:
    """The form as it was filled in, to show it again."""
    typed: dict[str, Any] = request.form.to_dict()
    typed["reviewers"] = reviewers_sent(request.form)
    typed["ends_on"] = decision_sent(request.form)["ends_on"]
    return typed


def _panels() -> list[Panel]:
    return list(current_app.extensions["applicant_panels"])


def _applies(found: Application, account: Account) -> bool:
    return account.id in {found.applicant_id, *(each.id for each in found.co_applicants)}


def _page(application_id: str, sent: dict[str, Any] | None, found_faults: dict[str, str]) -> str:
    with reading() as db:
        account = me(db)
        found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
        before_me = desk(db, found, account)
        workflow = guards.rules_of(found)
        triage = before_me.asks == "triage"
        groups = workflow.groups if found.state == State.SUBMITTED else progress.lacking(found) if triage else ()
        if sent is None:
            sent = proposed_decision(found, now().date()) if before_me.asks == "decide" else {}
        return render_template(
            "governance/review.html",
            application=found,
            form=found.form,
            workflow=workflow,
            titles={each.key: each.title for each in workflow.groups},
            earlier=earlier_submission(db, found),
            datasets=catalogue.datasets(db),
            asks=before_me.asks,
            why_not=before_me.words,
            groups=[(each, queries.possible_reviewers(db, found, each.role)) for each in groups] if triage else [],
            sites=sites_to_answer(found, account, [each.id for each in custodians.sites_of(db, account.id)]),
            tally=progress.tally(found),
            may_conflict=before_me.asks not in ("nothing", "appeal"),
            sent=EMPTY | sent,
            faults=found_faults,
            reviews=queries.reviews_seen_by(found, account, reads_all=reads_all()),
            beside=beside(db, found, account, now()),
            fits=fits(db, found, now(), with_patients=not _applies(found, account)),
            panels=[each([found.applicant, *found.co_applicants]) for each in _panels()],
        )
