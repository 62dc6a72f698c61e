"""`/api/v1/applications`: everything that the pages do, through the same schemas and commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_smorest import Blueprint
from marshmallow import ValidationError

from gateway.catalogue import queries as catalogue
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import (
    after_api,
    applying,
    beside_api,
    block_api,
    guards,
    meeting_api,
    overview_api,
    queries,
    team_api,
)
from gateway.governance.api_schemas import (
    ApplicationSchema,
    CalledSchema,
    FitSchema,
    FormSchema,
    Json,
    SaveSchema,
    StartSchema,
    SubmitSchema,
    WaitingSchema,
    form_told,
    told,
)
from gateway.governance.desk import waiting_for
from gateway.governance.fitting import Fit, fits
from gateway.governance.form import Form, read_form
from gateway.governance.judging import (
    choose_reviewers,
    give_decision,
    give_review,
    give_site_answer,
    give_vote,
    tell_conflict,
)
from gateway.governance.schemas import (
    ConflictSchema,
    DecisionSchema,
    ReviewSchema,
    SiteSchema,
    TriageSchema,
    VoteSchema,
    answers_schema,
    faults,
)
from gateway.governance.viewer import FORM, judged, me, reads_all, rules_for
from gateway.people.access import requires, signed_in
from gateway.settings import current
from gateway.web.paging import PageSchema, following

api = Blueprint("applications", __name__, url_prefix="/api/v1/applications", description="Apply, review and decide")
after_api.add_to(api)
team_api.add_to(api)
meeting_api.add_to(api)
beside_api.add_to(api)
overview_api.add_to(api)
block_api.add_to(api)


@api.get("")
@api.arguments(CalledSchema, location="query")
@api.response(200, ApplicationSchema(many=True))
@signed_in
def index(asked: Json) -> tuple[list[Json], dict[str, str]]:
    """My applications, and every submitted one for those who read all, newest first"""
    with reading() as db:
        account = me(db)
        told_of = {"reads_all": reads_all(), "called": asked["called"]}
        page = queries.applications_seen_by(db, account.id, asked["page"], **told_of)
        return [told(each, account, reads_all=reads_all()) for each in page.rows], following(page)


@api.get("/form")
@api.response(200, FormSchema)
@signed_in
def form() -> Json:
    """The form that a new application starts with"""
    return form_told(_form())


@api.get("/waiting")
@api.arguments(PageSchema, location="query")
@api.response(200, WaitingSchema(many=True))
@signed_in
def waiting(asked: Json) -> tuple[list[Json], dict[str, str]]:
    """What waits for me as steward, reviewer or chair, the longest wait first"""
    with reading() as db:
        account = me(db)
        page = waiting_for(db, account, asked["page"]).page
        rows: list[Json] = [
            {
                "application": told(item.application, account, reads_all=reads_all()),
                "what": item.what,
                "since": item.since,
            }
            for item in page.rows
        ]
        return rows, following(page)


@api.get("/<application_id>")
@api.response(200, ApplicationSchema)
@signed_in
def show(application_id: str) -> Json:
    """One application"""
    with reading() as db:
        account = me(db)
        found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
        return told(found, account, reads_all=reads_all())


@api.get("/<application_id>/terms")
@api.response(200, FitSchema(many=True))
@signed_in
def terms(application_id: str) -> list[Fit]:
    """The terms of each dataset that is asked for, held against the purpose of the application"""
    with reading() as db:
        account = me(db)
        found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
        judges = account.id != found.applicant_id and account.id not in {each.id for each in found.co_applicants}
        return fits(db, found, now(), with_patients=judges)


@api.post("")
@api.arguments(StartSchema)
@api.response(201, ApplicationSchema)
@requires("application.write")
def start(sent: Json) -> Json:
    """Start a draft"""
    with transaction() as db:
        account = me(db)
        answers = _loaded(_form(), sent["answers"], [each.slug for each in catalogue.datasets(db)])
        kept = {key: value for key, value in answers.items() if value is not None}
        found = applying.start(db, by=account, form=_form(), answers=kept, application_id=sent["id"], now=now())
        return told(found, account, reads_all=reads_all())


@api.patch("/<application_id>")
@api.arguments(SaveSchema)
@api.response(200, ApplicationSchema)
@signed_in
def save(sent: Json, application_id: str) -> Json:
    """Save answers in a draft; null takes an answer back"""
    with transaction() as db:
        account, found = me(db), queries.application(db, application_id)
        guards.is_applicant(found, account)
        answers = _loaded(found.form, sent["answers"], [each.slug for each in catalogue.datasets(db)])
        applying.save(db, by=account, application=found, answers=answers, version=sent["version"], now=now())
        return told(found, account, reads_all=reads_all())


@api.post("/<application_id>/submit")
@api.arguments(SubmitSchema)
@api.response(200, ApplicationSchema)
@signed_in
def submit(sent: Json, application_id: str) -> Json:
    """Hand an application in"""
    with reading() as db:
        workflow = rules_for(queries.application(db, application_id).form)
    return _done(application_id, applying.submit, workflow=workflow, version=sent["version"])


@api.post("/<application_id>/withdraw")
@api.response(200, ApplicationSchema)
@signed_in
def withdraw(application_id: str) -> Json:
    """Take an application back"""
    return _done(application_id, applying.withdraw)


@api.post("/<application_id>/revise")
@api.response(201, ApplicationSchema)
@signed_in
def revise(application_id: str) -> Json:
    """A new draft with the answers of an application that was returned"""
    with transaction() as db:
        account, found = me(db), queries.application(db, application_id)
        draft = applying.revise(db, by=account, application=found, form=_form(), now=now())
        return told(draft, account, reads_all=reads_all())


@api.post("/<application_id>/reviewers")
@api.arguments(TriageSchema)
@api.response(200, ApplicationSchema)
@signed_in
def reviewers(sent: Json, application_id: str) -> Json:
    """Begin the review with these reviewers, or ask another"""
    return _done(application_id, choose_reviewers, values=sent)


@api.post("/<application_id>/reviews")
@api.arguments(ReviewSchema)
@api.response(200, ApplicationSchema)
@signed_in
def review(sent: Json, application_id: str) -> Json:
    """Recommend, or step aside"""
    return _done(application_id, give_review, values=sent)


@api.post("/<application_id>/sites")
@api.arguments(SiteSchema)
@api.response(200, ApplicationSchema)
@signed_in
def site(sent: Json, application_id: str) -> Json:
    """Agree for a site as its custodian, or decline"""
    return _done(application_id, give_site_answer, values=sent)


@api.post("/<application_id>/votes")
@api.arguments(VoteSchema)
@api.response(200, ApplicationSchema)
@signed_in
def vote(sent: Json, application_id: str) -> Json:
    """Vote"""
    return _done(application_id, give_vote, values=sent)


@api.post("/<application_id>/conflicts")
@api.arguments(ConflictSchema)
@api.response(200, ApplicationSchema)
@signed_in
def conflict(sent: Json, application_id: str) -> Json:
    """Declare a conflict of interest"""
    with transaction() as db:
        found, account = judged(db, application_id, tell_conflict, sent)
        return told(found, account, reads_all=reads_all())


@api.post("/<application_id>/decision")
@api.arguments(DecisionSchema)
@api.response(200, ApplicationSchema)
@signed_in
def decision(sent: Json, application_id: str) -> Json:
    """Approve, return or reject"""
    return _done(application_id, give_decision, values=sent)


def _form() -> Form:
    return read_form(current().policies_dir, FORM)


def _loaded(form: Form, answers: Json, slugs: list[str]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = answers_schema(form, datasets=slugs).load(answers, partial=True)
    except ValidationError as error:
        raise applying.Incomplete(faults(error)) from None
    return loaded


def _done(application_id: str, command: Callable[..., None], **arguments: Any) -> Json:
    """Run the command in one transaction and tell how the application stands then."""
    with transaction() as db:
        account = me(db)
        found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
        command(db, by=account, application=found, now=now(), **arguments)
        return told(found, account, reads_all=reads_all())
