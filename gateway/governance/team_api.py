"""`/api/v1/applications/<id>/invitations`, `/files`, and `/invitations/accept`: co-applicants and files."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from werkzeug.datastructures import FileStorage

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import attaching, guards, inviting, queries
from gateway.governance.api_schemas import (
    ApplicationSchema,
    AttachedSchema,
    FileSchema,
    InvitationSchema,
    InviteSchema,
    Json,
    QuestionSchema,
    SecretSchema,
    told,
)
from gateway.governance.file_pages import download
from gateway.governance.inviting_mail import invited, post
from gateway.governance.models import Attachment, Invitation
from gateway.governance.viewer import me, reads_all
from gateway.people.access import signed_in
from gateway.people.once import once
from gateway.settings import current

PLAIN = ("id", "email", "made_at", "ends_at", "accepted_at")


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of applications."""
    invitations, files = "/<application_id>/invitations", "/<application_id>/files"
    made = api.response(201, InvitationSchema)
    api.get(invitations)(api.response(200, InvitationSchema(many=True))(signed_in(listed)))
    api.post(invitations)(api.arguments(InviteSchema)(made(signed_in(invite))))
    api.delete(f"{invitations}/<invitation_id>")(api.response(204)(signed_in(take_back)))
    api.post("/invitations/accept")(
        api.arguments(SecretSchema)(api.response(200, ApplicationSchema)(signed_in(accept)))
    )
    kept = api.response(201, AttachedSchema)
    api.post(files)(
        api.arguments(QuestionSchema, location="form")(
            api.arguments(FileSchema, location="files")(kept(signed_in(attach)))
        )
    )
    api.get(f"{files}/<attachment_id>")(api.response(200, description="The file, as a download")(signed_in(content)))
    api.delete(f"{files}/<attachment_id>")(api.response(204)(signed_in(detach)))


def listed(application_id: str) -> list[Json]:
    """Who is invited to an application of mine, and who has accepted"""
    with reading() as db:
        found = queries.application(db, application_id)
        guards.is_applicant(found, me(db))
        return [_told(each) for each in found.invitations]


def invite(sent: Json, application_id: str) -> Json:
    """Invite somebody to a draft, by email if there is a mail server; the secret of the link is told this once"""
    with transaction() as db:
        found = queries.application(db, application_id)
        made, secret = inviting.invite(db, by=me(db), application=found, email=sent["email"], now=now())
        told_of, letter = _told(made), invited(made, secret)
    return {**told_of, "secret": secret, "link": letter.link, "mailed": post(letter, now=now())}


def take_back(application_id: str, invitation_id: str) -> None:
    """Take an invitation back, or a co-applicant off the draft"""
    with transaction() as db:
        found = queries.application(db, application_id)
        inviting.take_back(db, by=me(db), application=found, invitation_id=invitation_id, now=now())


def accept(sent: Json) -> Json:
    """Join an application with the secret of the invitation"""
    with transaction() as db:
        account = me(db)
        joined = inviting.accept(db, by=account, secret=sent["secret"], now=now())
        return told(joined, account, reads_all=reads_all())


@once
def attach(question: Json, files: dict[str, FileStorage], application_id: str) -> Attachment:
    """Add a file to an answer of a draft"""
    file = files["file"]
    with transaction() as db:
        return attaching.attach(
            db,
            by=me(db),
            application=queries.application(db, application_id),
            question=question["question"],
            name=file.filename or "file",
            content=file.stream.read(current().attachment_bytes + 1),
            now=now(),
        )


def content(application_id: str, attachment_id: str) -> Response:
    """A file of an application"""
    return download(application_id, attachment_id)


def detach(application_id: str, attachment_id: str) -> None:
    """Remove a file from a draft"""
    with transaction() as db:
        found = queries.application(db, application_id)
        attaching.detach(db, by=me(db), application=found, attachment_id=attachment_id, now=now())


def _told(each: Invitation) -> dict[str, Any]:
    return {name: getattr(each, name) for name in PLAIN}
