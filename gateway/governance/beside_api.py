"""`/api/v1/applications/<id>/hand-over`, `/remarks`, `/history` and the like: what goes on beside the judgement."""

from __future__ import annotations

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from gateway.db import reading, transaction
from gateway.governance import queries
from gateway.governance.api_schemas import ApplicationSchema, Json, told
from gateway.governance.history import Happening, history
from gateway.governance.judging import (
    Judgement,
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
)
from gateway.governance.viewer import judged, me, reads_all
from gateway.people.access import signed_in
from gateway.people.once import once


class HappeningSchema(Schema):
    """Something that happened to an application beside its stages."""

    at = fields.AwareDateTime()
    what = fields.String()
    title = fields.String()
    text = fields.String()


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of applications."""
    one, history_told = "/<application_id>", api.response(200, HappeningSchema(many=True))
    api.get(f"{one}/history")(history_told(signed_in(happened)))
    api.post(f"{one}/hand-over")(api.arguments(HandOverSchema)(history_told(signed_in(hand_over))))
    api.post(f"{one}/hand-over/answer")(api.arguments(HandOverAnswerSchema)(history_told(signed_in(answer))))
    api.post(f"{one}/files/<attachment_id>/redaction")(api.arguments(RedactionSchema)(history_told(signed_in(redact))))
    called = api.response(200, ApplicationSchema)
    api.put(f"{one}/external-id")(api.arguments(ExternalIdSchema)(called(signed_in(external_id))))
    api.post(f"{one}/remarks")(api.arguments(RemarkSchema)(history_told(signed_in(remark))))


def happened(application_id: str) -> list[Happening]:
    """Hand-overs, and the remarks that are for me"""
    with reading() as db:
        account = me(db)
        return history(db, queries.application_seen_by(db, application_id, account, reads_all=reads_all()), account)


def hand_over(sent: Json, application_id: str) -> list[Happening]:
    """Ask a co-applicant to lead the application from now on"""
    return _done(application_id, ask_to_lead, sent)


def answer(sent: Json, application_id: str) -> list[Happening]:
    """Accept to lead the application, decline, or take the question back"""
    return _done(application_id, answer_hand_over, sent)


def redact(sent: Json, application_id: str, attachment_id: str) -> list[Happening]:
    """Destroy the content of a file of a submitted application"""
    return _done(application_id, redact_file, {**sent, "file": attachment_id})


def external_id(sent: Json, application_id: str) -> Json:
    """Say what an application is called elsewhere"""
    with transaction() as db:
        found, account = judged(db, application_id, assign_external_id, sent)
        return told(found, account, reads_all=reads_all())


@once
def remark(sent: Json, application_id: str) -> list[Happening]:
    """Remark on an application that one handles"""
    return _done(application_id, give_remark, sent)


def _done(application_id: str, judge: Judgement, sent: Json) -> list[Happening]:
    """In one transaction; gives the history as it is then."""
    with transaction() as db:
        return history(db, *judged(db, application_id, judge, sent))
