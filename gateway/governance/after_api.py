"""`/api/v1/applications/<id>/changes`, `/appeal`: what comes after a decision."""

from __future__ import annotations

from flask_smorest import Blueprint

from gateway.clock import now
from gateway.db import transaction
from gateway.governance import appealing, changing, queries
from gateway.governance.api_schemas import ApplicationSchema, Json, told
from gateway.governance.form import read_form
from gateway.governance.judging import hear_appeal
from gateway.governance.models import Kind
from gateway.governance.schemas import AppealSchema, ChangeSchema, HearingSchema
from gateway.governance.viewer import FORM, judged, me, reads_all
from gateway.people.access import signed_in
from gateway.settings import current


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of applications."""
    api.post("/<application_id>/changes")(
        api.arguments(ChangeSchema)(api.response(201, ApplicationSchema)(signed_in(change)))
    )
    api.post("/<application_id>/appeal")(
        api.arguments(AppealSchema)(api.response(200, ApplicationSchema)(signed_in(appeal)))
    )
    api.post("/<application_id>/appeal/decision")(
        api.arguments(HearingSchema)(api.response(200, ApplicationSchema)(signed_in(hear)))
    )


def change(sent: Json, application_id: str) -> Json:
    """A draft that changes an approved project, or asks for more time"""
    form = read_form(current().policies_dir, FORM)
    kind: changing.Change = Kind.AMENDMENT if sent["kind"] == Kind.AMENDMENT else Kind.RENEWAL
    with transaction() as db:
        account, found = me(db), queries.application(db, application_id)
        draft = changing.propose_change(db, by=account, application=found, kind=kind, form=form, now=now())
        return told(draft, account, reads_all=reads_all())


def appeal(sent: Json, application_id: str) -> Json:
    """Appeal against a rejection"""
    with transaction() as db:
        account, found = me(db), queries.application(db, application_id)
        appealing.appeal(db, by=account, application=found, grounds=sent["grounds"], now=now())
        return told(found, account, reads_all=reads_all())


def hear(sent: Json, application_id: str) -> Json:
    """Allow an appeal, or dismiss it"""
    with transaction() as db:
        found, account = judged(db, application_id, hear_appeal, sent)
        return told(found, account, reads_all=reads_all())
