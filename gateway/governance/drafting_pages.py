"""The pages of a draft: the form section by section, all answers on one page, and the submission."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.catalogue import queries as catalogue
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict
from gateway.governance import applying as commands
from gateway.governance import queries
from gateway.governance.blocked import told_kindly
from gateway.governance.file_pages import files_sent, keep_files
from gateway.governance.fitting import fits
from gateway.governance.form import Question, Section
from gateway.governance.guards import NotYours, is_applicant
from gateway.governance.models import Application, State
from gateway.governance.readability import Readability, readability
from gateway.governance.schemas import answers_schema, faults
from gateway.governance.sent import answers_sent
from gateway.governance.viewer import me, rules_for, seen_version
from gateway.people.access import signed_in

drafting = Blueprint("drafting", __name__)


@drafting.get("/applications/<application_id>/edit/<section_key>")
@signed_in
def edit(application_id: str, section_key: str) -> str | Response:
    """One section of a draft."""
    with reading() as db:
        found = _own(db, application_id)
        if found.state != State.DRAFT:
            flash("This application has been submitted, so its answers can no longer be changed.")
            return redirect(url_for("governance.applying.show", application_id=application_id))
        return _section_page(db, found, _section(found, section_key), found.answers, {})


@drafting.post("/applications/<application_id>/edit/<section_key>")
@signed_in
def save(application_id: str, section_key: str) -> Any:
    """Save the section with its files: as a draft as far as it goes, or whole to go on to the next."""
    draft = request.form.get("then") == "draft"
    try:
        refused = keep_files(application_id, section_key)
    except Conflict as refusal:
        flash(refusal.message)
        return redirect(url_for("governance.applying.show", application_id=application_id))
    with reading() as db:
        found = _own(db, application_id)
        section = _section(found, section_key)
        sent = answers_sent(section, request.form)
        try:
            answers = _schema(db, found, section).load(sent, partial=draft)
        except ValidationError as error:
            page = _section_page(db, found, section, {**found.answers, **sent}, {**faults(error), **refused})
            return page, 422
        if refused:
            return _section_page(db, found, section, {**found.answers, **sent}, refused), 422
        following = found.form.after(section_key)
    try:
        with transaction() as db:
            application = queries.application(db, application_id)
            seen = None if files_sent() else seen_version()  # adding a file has raised it
            commands.save(db, by=me(db), application=application, answers=answers, version=seen, now=now())
    except Conflict as refusal:
        flash(refusal.message)
        return redirect(url_for("governance.applying.show", application_id=application_id))
    if draft:
        flash("Your draft is saved.")
        return redirect(url_for("governance.applying.show", application_id=application_id))
    if following is None:
        return redirect(url_for(".check", application_id=application_id))
    return redirect(url_for(".edit", application_id=application_id, section_key=following.key))


@drafting.post("/applications/<application_id>/autosave/<section_key>")
@signed_in
def autosave(application_id: str, section_key: str) -> dict[str, Any]:
    """Keep what is right so far, while somebody types; tells the new version and how the lay summary reads."""
    with transaction() as db:
        found = _own(db, application_id)
        section = _section(found, section_key)
        sent = answers_sent(section, request.form)
        try:
            answers = _schema(db, found, section).load(sent, partial=True)
        except ValidationError as error:
            right: dict[str, Any] = dict(error.valid_data or {})
            answers = {key: value for key, value in right.items() if key not in faults(error)}
        commands.save(db, by=me(db), application=found, answers=answers, version=seen_version(), now=now())
        hint = _reads(found)
        return {"version": found.version, "reads": hint.sentence if hint else ""}


def _schema(db: Session, found: Application, section: Section) -> Schema:
    slugs = [each.slug for each in catalogue.datasets(db)]
    return answers_schema(found.form, datasets=slugs, section=section, earlier=found.answers, files=found.file_names)


def _reads(found: Application) -> Readability | None:
    return readability(found.form.answer_for("lay-summary", found.answers) or "")


@drafting.get("/applications/<application_id>/check")
@signed_in
def check(application_id: str) -> str | Response:
    """All answers on one page, before they are sent."""
    with reading() as db:
        found = _own(db, application_id)
        if found.state != State.DRAFT:
            return redirect(url_for("governance.applying.show", application_id=application_id))
        return _check_page(db, found, {})


@drafting.post("/applications/<application_id>/submit")
@signed_in
def submit(application_id: str) -> Any:
    """Hand it in."""
    try:
        with transaction() as db:
            found = queries.application(db, application_id)
            rules = rules_for(found.form)
            commands.submit(db, by=me(db), application=found, workflow=rules, version=seen_version(), now=now())
            kindly = told_kindly(db, found, me(db), now())
    except commands.Incomplete as refusal:
        with reading() as db:
            return _check_page(db, _own(db, application_id), refusal.faults), 422
    except (Conflict, commands.MixedPolicies) as refusal:
        flash(refusal.message)
    else:
        flash(" ".join(["Your application is submitted.", *kindly]))
    return redirect(url_for("governance.applying.show", application_id=application_id))


def _own(db: Session, application_id: str) -> Application:
    found = queries.application(db, application_id)
    is_applicant(found, me(db))
    return found


def _section(found: Application, key: str) -> Section:
    section = found.form.section(key)
    if section is None:
        raise NotYours
    return section


def _section_page(
    db: Session, found: Application, section: Section, answers: dict[str, Any], found_faults: dict[str, str]
) -> str:
    return render_template(
        "governance/section.html",
        application=found,
        form=found.form,
        section=section,
        number=found.form.sections.index(section) + 1,
        questions=_asked_first(section, answers),
        answers=answers,
        faults=found_faults,
        reads=_reads(found),
        datasets=catalogue.datasets(db),
    )


def _asked_first(section: Section, answers: dict[str, Any]) -> list[Question]:
    """Questions that do not stand under another one of the same page."""
    here = {each.key for each in section.questions}
    return [q for q in section.questions if not q.show_if or (q.show_if.question not in here and q.shown(answers))]


def _check_page(db: Session, found: Application, found_faults: dict[str, str]) -> str:
    return render_template(
        "governance/check.html",
        application=found,
        form=found.form,
        faults=found_faults,
        reads=_reads(found),
        datasets=catalogue.datasets(db),
        fits=fits(db, found, now()),
        kindly=told_kindly(db, found, found.applicant, now()),
    )
