"""Files on the pages: kept with a section of a draft, and given back to whoever may read the application."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import attaching, guards, queries
from gateway.governance.models import Application
from gateway.governance.viewer import me, reads_all, seen_version
from gateway.people.access import signed_in
from gateway.settings import current

files = Blueprint("files", __name__)


@files.get("/applications/<application_id>/files/<attachment_id>")
@signed_in
def download(application_id: str, attachment_id: str) -> Response:
    """A file, always as a download: nothing that somebody sent is ever shown as a page of ours."""
    with reading() as db:
        found = queries.application_seen_by(db, application_id, me(db), reads_all=reads_all())
        attachment = next((each for each in found.attachments if each.id == attachment_id), None)
        if attachment is None:
            raise attaching.NoSuchFile
        response = Response(attaching.content_of(db, attachment), mimetype="application/octet-stream")
        response.headers.set("Content-Disposition", "attachment", filename=attachment.name)
        response.headers["Cache-Control"] = "no-store"
        return response


def files_sent() -> bool:
    """Whether this request adds or removes a file."""
    added = any(each.filename for key in request.files for each in request.files.getlist(key))
    return added or any(key.endswith("-remove") for key in request.form)


def keep_files(application_id: str, section_key: str) -> dict[str, str]:
    """Add and remove the files that came with a section; gives what was refused, by question."""
    if not files_sent():
        return {}
    refused: dict[str, str] = {}
    with transaction() as db:
        found = queries.application(db, application_id)
        guards.is_applicant(found, me(db))
        guards.as_seen(found, seen_version())
        section = found.form.section(section_key)
        for question in section.questions if section else ():
            if question.kind != "files":
                continue
            for each in request.form.getlist(f"{question.key}-remove"):
                attaching.detach(db, by=me(db), application=found, attachment_id=each, now=now())
    for question in section.questions if section else ():
        if question.kind == "files":
            fault = _add(application_id, question.key)
            refused |= {question.key: fault} if fault else {}
    return refused


def _add(application_id: str, question: str) -> str:
    """Add the files of one question, each in a transaction of its own; gives the first refusal, or nothing."""
    most = current().attachment_bytes
    for each in request.files.getlist(question):
        if not each.filename:
            continue
        try:
            with transaction() as db:
                found: Application = queries.application(db, application_id)
                attaching.attach(
                    db,
                    by=me(db),
                    application=found,
                    question=question,
                    name=each.filename,
                    content=each.stream.read(most + 1),
                    now=now(),
                )
        except attaching.BadFile as refusal:
            return refusal.message
    return ""
