"""`/api/v1/projects/<id>/agreements`, `/signatures` and `/api/v1/training`: what members bring before they see data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people.access import requires, signed_in, the_account
from gateway.people.once import once
from gateway.people.reaffirming import reaffirm
from gateway.projects import readiness
from gateway.projects.checking import check
from gateway.projects.models import Certificate, CertificateState
from gateway.projects.schemas import (
    AgreementSchema,
    CertificateSchema,
    CheckSchema,
    NewCertificateSchema,
    SignatureSchema,
)
from gateway.projects.signing import place_of, sign
from gateway.projects.telling import STEWARD
from gateway.projects.training import certificates_of, show, to_check
from gateway.projects.viewer import me, seen_by

Json = Mapping[str, Any]


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of the room."""
    one, many = CertificateSchema, CertificateSchema(many=True)
    agreements_told, steward = AgreementSchema(many=True), requires(STEWARD)
    shown, checked = api.arguments(NewCertificateSchema), api.arguments(CheckSchema)
    api.get("/projects/<project_id>/agreements")(api.response(200, agreements_told)(signed_in(agreements)))
    api.post("/projects/<project_id>/signatures")(
        api.arguments(SignatureSchema)(api.response(201, agreements_told)(signed_in(put)))
    )
    api.get("/training")(api.response(200, many)(signed_in(index)))
    api.post("/training")(shown(api.response(201, one)(signed_in(add))))
    api.get("/training/waiting")(api.response(200, many)(steward(waiting)))
    api.post("/training/<certificate_id>/check")(checked(api.response(200, one)(steward(judge))))


def agreements(project_id: str) -> list[Json]:
    """The agreements that the project asks its members to sign, and who has signed"""
    with reading() as db:
        return _told(db, seen_by(db, project_id, me(db)).id)


def put(sent: Json, project_id: str) -> list[Json]:
    """Sign an agreement, with one's name and password"""
    with reading() as db:
        account = me(db)
        place_of(db, project=seen_by(db, project_id, account), account_id=account.id)
    owner = reaffirm(account_id=the_account().id, password=sent["password"], now=now())
    with transaction() as db:
        project = seen_by(db, project_id, me(db))
        sign(db, owner=owner, project=project, agreement=sent["sha256"], name=sent["name"], now=now())
        return _told(db, project.id)


def index() -> list[Certificate]:
    """My certificates of training, the newest first"""
    with reading() as db:
        return certificates_of(db, me(db).id)


@once
def add(sent: Json) -> Certificate:
    """Show a certificate of training; it counts once a data steward accepts it"""
    with transaction() as db:
        return show(db, by=me(db), now=now(), **sent)


def waiting() -> list[Certificate]:
    """Certificates that wait to be checked, the longest wait first"""
    with reading() as db:
        return to_check(db, CertificateState.WAITING)


def judge(sent: Json, certificate_id: str) -> Certificate:
    """Accept a certificate, refuse it, or withdraw one that was accepted"""
    with transaction() as db:
        return check(db, by=me(db), certificate_id=certificate_id, values=sent, now=now())


def _told(db: Session, project_id: str) -> list[Json]:
    signed = readiness.signatures(db, project_id)
    return [
        {**asdict(each), "signed": [one for one in signed if one.agreement_sha256 == each.sha256]}
        for each in readiness.agreements_of(db, project_id, now())
    ]
