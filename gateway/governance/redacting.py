"""The content of a file of a submitted application is destroyed, as where it tells who a patient is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gateway.db import leave_no_trace
from gateway.errors import Conflict, Invalid
from gateway.governance import guards, telling
from gateway.governance.attaching import REMOVED, NoSuchFile
from gateway.governance.models import Application, Attachment, State
from gateway.governance.states import touch
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record


class AlreadyRemoved(Conflict):
    """What is gone is gone."""

    code = "file-removed-already"
    title = "This file has been removed already"


def redact(
    db: Session, *, by: Account, application: Application, attachment_id: str, reason: str, now: datetime
) -> None:
    """Destroy the bytes of a file and its name, here and in every other round that has the same; the fact stays.

    The applicant may add another file when the application is sent back.
    Raises WrongState for a draft, NoSuchFile, AlreadyRemoved, Invalid, and what may_judge raises.
    """
    guards.is_steward(application, by)
    found = next((each for each in application.attachments if each.id == attachment_id), None)
    if found is None:
        raise NoSuchFile
    if found.redacted_at is not None:
        raise AlreadyRemoved
    why = reason.strip()[:1000]
    if not why:
        raise Invalid("Say why the file is removed: the applicants read it.")
    leave_no_trace(db)
    _destroy(db, by, application, found, why, "attachment.redacted", now)
    for each in _elsewhere(db, application, found.sha256):
        _destroy(db, by, db.get_one(Application, each.application_id), each, why, "attachment.copy-redacted", now)
    telling.redacted(db, application=application, now=now)


def _destroy(
    db: Session, by: Account, application: Application, found: Attachment, why: str, action: str, now: datetime
) -> None:
    found.name, found.sealed = REMOVED, b""
    found.redacted_at, found.redacted_by_id, found.redacted_because = now, by.id, why
    if application.state == State.DRAFT:
        left = {key: _without(value, found.id) for key, value in application.answers.items()}
        touch(db, application, answers={key: value for key, value in left.items() if value != []})
    else:
        touch(db, application)
    detail, personal = {"attachment": found.id, "sha256": found.sha256, "size": found.size}, {"reason": why}
    subject = application.id
    record(db, action=action, actor=acting(by), now=now, subject=subject, detail=detail, personal=personal)


def _without(value: object, file_id: str) -> object:
    return [each for each in value if each != file_id] if isinstance(value, list) else value


def _elsewhere(db: Session, application: Application, sha256: str) -> list[Attachment]:
    """The same file in the rounds before and after, and in the other applications about the same project."""
    ids, projects = {application.id}, set[str]()
    while True:
        seen = len(ids)
        earlier = select(Application.revises_id).where(Application.id.in_(ids))
        linked = or_(
            Application.id.in_(ids), Application.id.in_(earlier), Application.revises_id.in_(ids),
            Application.project_id.in_(projects), Application.changes_id.in_(projects),
        )  # fmt: skip
        for each in db.scalars(select(Application).where(linked)):
            ids.add(each.id)
            projects |= {one for one in (each.project_id, each.changes_id) if one}
        if len(ids) == seen:
            break
    same = Attachment.sha256 == sha256, Attachment.application_id.in_(ids), Attachment.redacted_at.is_(None)
    return list(db.scalars(select(Attachment).where(*same).order_by(Attachment.id)))
