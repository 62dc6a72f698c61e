"""What goes on beside the judgement, on the pages: an application is handed over, a file removed, somebody remarks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.db import transaction
from gateway.errors import Conflict, Invalid
from gateway.governance.judging import (
    Judgement,
    Values,
    answer_hand_over,
    ask_to_lead,
    assign_external_id,
    give_remark,
    redact_file,
)
from gateway.governance.schemas import (
    ExternalIdSchema,
    HandOverAnswerSchema,
    HandOverSchema,
    RedactionSchema,
    RemarkSchema,
    faults,
)
from gateway.governance.sent import sent_as
from gateway.governance.viewer import judged
from gateway.people.access import signed_in
from gateway.people.once import once

beside = Blueprint("beside", __name__)
SAID = {
    "accept": "You lead this application now.",
    "decline": "Thank you for your answer. Everything stays as it is.",
    "back": "Nobody is asked any more.",
}


@beside.post("/applications/<application_id>/hand-over")
@signed_in
def hand_over(application_id: str) -> Response:
    """Ask a co-applicant to lead it from now on."""
    sent = sent_as(HandOverSchema, request.form)
    return _do(application_id, HandOverSchema(), sent, ask_to_lead, "They have been asked.")


@beside.post("/applications/<application_id>/hand-over/<any(accept, decline, back):answer>")
@signed_in
def answer(application_id: str, answer: str) -> Response:
    """Accept to lead it, decline, or ask no longer."""
    return _do(application_id, HandOverAnswerSchema(), {"answer": answer}, answer_hand_over, SAID[answer])


@beside.post("/applications/<application_id>/files/<attachment_id>/redaction")
@signed_in
def redact(application_id: str, attachment_id: str) -> Response:
    """Destroy the content of a file."""

    def judge(db: Session, *, values: Values, **told: Any) -> None:
        redact_file(db, values={**values, "file": attachment_id}, **told)

    sent = sent_as(RedactionSchema, request.form)
    return _do(application_id, RedactionSchema(), sent, judge, "The file is gone for good.")


@beside.post("/applications/<application_id>/external-id")
@signed_in
def external_id(application_id: str) -> Response:
    """Say what it is called elsewhere."""
    sent = sent_as(ExternalIdSchema, request.form)
    return _do(application_id, ExternalIdSchema(), sent, assign_external_id, "The reference is kept.")


@beside.post("/applications/<application_id>/remarks")
@signed_in
@once
def remark(application_id: str) -> Response:
    """Remark on an application that one handles."""
    sent = sent_as(RemarkSchema, request.form)
    return _do(application_id, RemarkSchema(), sent, give_remark, "Your remark is kept.")


def _do(application_id: str, schema: Schema, sent: dict[str, Any], judge: Judgement, done: str) -> Response:
    """Do it in one transaction, and come back to where one was with what happened in plain words."""
    try:
        values = schema.load(sent)
        with transaction() as db:
            judged(db, application_id, judge, values)
        flash(done)
    except ValidationError as error:
        flash(next(iter(faults(error).values())) + ".")
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    reviews = request.form.get("from") == "review"
    where = "governance.reviewing.show" if reviews else "governance.applying.show"
    return redirect(url_for(where, application_id=application_id))
