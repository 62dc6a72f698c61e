"""The applicant's pages: my applications, a new one, how one stands, withdraw and revise."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.catalogue import queries as catalogue
from gateway.clock import now
from gateway.db import new_id, reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.governance import applying as commands
from gateway.governance import queries
from gateway.governance.appealing import may_appeal
from gateway.governance.blocked import told_kindly
from gateway.governance.changing import APPROVED, earlier_submission
from gateway.governance.desk import desk
from gateway.governance.form import read_form
from gateway.governance.history import beside
from gateway.governance.models import Application, SiteAnswer, State
from gateway.governance.schemas import answers_schema
from gateway.governance.timeline import promised, steps
from gateway.governance.viewer import FORM, may_apply, me, reads_all, rules_for
from gateway.people.access import requires, signed_in
from gateway.settings import current
from gateway.web.paging import asked

applying = Blueprint("applying", __name__)


@applying.get("/applications")
@signed_in
def index() -> str:
    """My applications; all of them for those who read all, or with `?called=` those of a reference."""
    called = request.args.get("called", "")[:100]
    with reading() as db:
        account = me(db)
        return render_template(
            "governance/applications.html",
            mine=queries.applications_of(db, account.id, asked()),
            others=queries.applications_of_others(db, account.id, asked("all"), called=called) if reads_all() else None,
            called=called,
            reads_all=reads_all(),
            may_apply=may_apply(),
        )


@applying.get("/applications/new")
@requires("application.write")
def new() -> str:
    """What will be asked and what happens then."""
    slugs = request.args.getlist("dataset")
    form = read_form(current().policies_dir, FORM)
    with reading() as db:
        return render_template(
            "governance/new.html",
            form=form,
            steps=promised(rules_for(form)),
            datasets=[each for each in catalogue.datasets(db) if each.slug in slugs],
            fresh_id=new_id(),
        )


@applying.post("/applications")
@requires("application.write")
def start() -> Response:
    """Start a draft; the page's own id makes a double click start one."""
    fresh_id = request.form.get("id", "")
    if not re.fullmatch(r"[0-9a-z]{16}", fresh_id):
        raise Invalid("Go back and start again.")
    form = read_form(current().policies_dir, FORM)
    slugs = request.form.getlist("dataset")
    key = next((each.key for each in form.questions if each.purpose == "datasets"), None)
    with transaction() as db:
        offered = [each.slug for each in catalogue.datasets(db) if each.slug in slugs]
        answers = {key: offered} if offered and key else {}
        commands.start(db, by=me(db), form=form, answers=answers, now=now(), application_id=fresh_id)
    return redirect(url_for("governance.drafting.edit", application_id=fresh_id, section_key=form.sections[0].key))


@applying.get("/applications/<application_id>")
@signed_in
def show(application_id: str) -> str:
    """One application: where it stands, its answers, the decision, and what comes next."""
    with reading() as db:
        account = me(db)
        found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
        decision = found.decision
        last_day = decision.ends_at - timedelta(seconds=1) if decision and decision.ends_at else None
        return render_template(
            "governance/application.html",
            application=found,
            form=found.form,
            steps=steps(found, found.workflow or rules_for(found.form)),
            decision=decision,
            last_day=last_day,
            declined=[each for each in found.sites if each.state == SiteAnswer.DECLINED],
            datasets=catalogue.datasets(db),
            earlier=earlier_submission(db, found),
            may_appeal=may_appeal(found, now()),
            may_change=found.state in APPROVED and found.project is not None and found.project.closure is None,
            is_applicant=found.applicant_id == account.id,
            waits=desk(db, found, account).asks != "nothing",
            beside=beside(db, found, account, now()),
            kindly=told_kindly(db, found, account, now()),
            complete=_complete_sections(db, found) if found.state == State.DRAFT else set(),
        )


@applying.post("/applications/<application_id>/withdraw")
@signed_in
def withdraw(application_id: str) -> Response:
    """Take it back."""
    try:
        with transaction() as db:
            found = queries.application(db, application_id)
            commands.withdraw(db, by=me(db), application=found, now=now())
    except Conflict as refusal:
        flash(refusal.message)
    return redirect(url_for(".show", application_id=application_id))


@applying.post("/applications/<application_id>/revise")
@signed_in
def revise(application_id: str) -> Response:
    """A new draft with the answers of one that was returned."""
    form = read_form(current().policies_dir, FORM)
    with transaction() as db:
        found = queries.application(db, application_id)
        draft = commands.revise(db, by=me(db), application=found, form=form, now=now())
    return redirect(url_for(".show", application_id=draft.id))


def _complete_sections(db: Session, found: Application) -> set[str]:
    """Keys of the sections in which nothing is left to answer."""
    slugs = [each.slug for each in catalogue.datasets(db)]
    complete = set()
    for section in found.form.sections:
        here = {q.key: found.answers[q.key] for q in section.questions if q.key in found.answers}
        schema = answers_schema(
            found.form, datasets=slugs, section=section, earlier=found.answers, files=found.file_names
        )
        if not schema.validate(here):
            complete.add(section.key)
    return complete
