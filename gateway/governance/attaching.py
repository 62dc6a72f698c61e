"""Files that belong to an application: added and removed while it is a draft, kept encrypted, given back to readers.

Each file is sealed with AES-256-GCM (NIST SP 800-38D) under a key of its application, bound to its id and hash.
"""

from __future__ import annotations

import re
import secrets
import shlex
import subprocess
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from gateway.errors import Invalid, NotFound, SlidegateError
from gateway.governance import guards
from gateway.governance.file_types import MEDIA_TYPES, file_type
from gateway.governance.form import Question
from gateway.governance.models import Application, Attachment, State
from gateway.governance.states import touch
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects.keys import data_master, derived, first_data_master
from gateway.settings import current
from gateway.trail.record import record

NONCE_BYTES = 12
MOST_FILES = 10
SCAN_SECONDS = 60
REMOVED = "Removed file"  # the name of what a steward destroyed


class BadFile(Invalid):
    """Too large, of another type than asked for, empty, or refused by the scanner."""

    code = "bad-file"


class NoSuchFile(NotFound):
    """Not there, or another application's."""

    code = "file-not-found"
    title = "There is no such file"


class RemovedFile(NotFound):
    """Its content was destroyed by a steward; the history of the application says when and why."""

    code = "file-removed"
    title = "This file has been removed; the application says when and why"


class DamagedFile(SlidegateError):
    """The sealed content does not open: it was changed, or belongs elsewhere."""

    code = "damaged-file"
    title = "This file is damaged and is not given out"


def attach(
    db: Session,
    *,
    by: Account,
    application: Application,
    question: str,
    name: str,
    content: bytes,
    now: datetime,
) -> Attachment:
    """Add a file to an answer of a draft. Raises NotYours, WrongState, BadFile."""
    guards.is_applicant(application, by)
    guards.in_state(application, State.DRAFT)
    asked = next((each for each in application.form.questions if each.key == question and each.kind == "files"), None)
    if asked is None:
        raise BadFile("This question takes no files.")
    if len(application.attachments) >= MOST_FILES:
        raise BadFile(f"An application has {MOST_FILES} files at most.")
    kind = _checked(asked, content)
    attachment = Attachment(
        question=question,
        name=_plain_name(name, kind),
        media_type=MEDIA_TYPES[kind],
        size=len(content),
        sha256=sha256(content).hexdigest(),
        sealed=b"",
        added_at=now,
    )
    application.attachments.append(attachment)
    db.flush()
    attachment.sealed = _seal(first_data_master(db, now=now), attachment, content)
    _answer(db, application, question, [*(application.answers.get(question) or []), attachment.id], now)
    _record(db, application, attachment, "attachment.added", by, now)
    return attachment


def detach(db: Session, *, by: Account, application: Application, attachment_id: str, now: datetime) -> None:
    """Remove a file from a draft. Raises NotYours, WrongState; a file that is not there is gone already."""
    guards.is_applicant(application, by)
    guards.in_state(application, State.DRAFT)
    found = next((each for each in application.attachments if each.id == attachment_id), None)
    if found is None:
        return
    left = [each for each in application.answers.get(found.question) or [] if each != found.id]
    application.attachments.remove(found)
    db.delete(found)
    _answer(db, application, found.question, left, now)
    _record(db, application, found, "attachment.removed", by, now)


def content_of(db: Session, attachment: Attachment) -> bytes:
    """The file as it was added. Raises RemovedFile, DamagedFile."""
    if attachment.redacted_at is not None:
        raise RemovedFile
    nonce, sealed = attachment.sealed[:NONCE_BYTES], attachment.sealed[NONCE_BYTES:]
    try:
        return AESGCM(_key(data_master(db), attachment)).decrypt(nonce, sealed, _bound(attachment))
    except InvalidTag:
        raise DamagedFile from None


def copy_files(db: Session, *, source: Application, to: Application, now: datetime) -> None:
    """Give a draft that starts from another application its own copies of the files that are there, sealed anew."""
    answers = dict(to.answers)
    for each in source.attachments:
        if each.question not in answers:
            continue
        if each.redacted_at is not None:
            answers[each.question] = [one for one in answers[each.question] if one != each.id]
            continue
        content = content_of(db, each)
        copy = Attachment(
            question=each.question, name=each.name, media_type=each.media_type, size=each.size, sha256=each.sha256,
            sealed=b"", added_at=now,
        )  # fmt: skip
        to.attachments.append(copy)
        db.flush()
        copy.sealed = _seal(data_master(db), copy, content)
        answers[each.question] = [copy.id if one == each.id else one for one in answers[each.question]]
    to.answers = {key: value for key, value in answers.items() if value != []}
    db.flush()


def _checked(question: Question, content: bytes) -> str:
    """The type of an acceptable file. Raises BadFile."""
    largest = current().attachment_bytes
    if not content:
        raise BadFile("This file is empty.")
    if len(content) > largest:
        raise BadFile(f"A file has {largest // 1024**2} MB at most.")
    kind = file_type(content, question.types)
    if kind is None:
        raise BadFile(f"Add a file of one of these types: {', '.join(question.types)}.")
    _scan(content)
    return kind


def _scan(content: bytes) -> None:
    """Ask the configured scanner, if there is one. What it cannot judge is refused."""
    command = shlex.split(current().attachment_scan)
    if not command:
        return
    try:
        done = subprocess.run(  # noqa: S603  # the operator's own command, and no shell
            command, input=content, timeout=SCAN_SECONDS, capture_output=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        raise BadFile("The file could not be scanned, so it is not taken. Try again later.") from None
    if done.returncode != 0:
        raise BadFile("The scanner refused this file.")


def _plain_name(name: str, kind: str) -> str:
    """The name without folders and odd characters, ending as its type does."""
    last = re.split(r"[\\/]", name)[-1]
    stem = re.sub(r"[^\w .()-]+", "_", last.rsplit(".", 1)[0]).strip(" .") or "file"
    return f"{stem[:100]}.{kind}"


def _key(master: bytes, attachment: Attachment) -> bytes:
    return derived(master, b"slidegate attachments 1\0" + attachment.application_id.encode())


def _bound(attachment: Attachment) -> bytes:
    return f"{attachment.id}\0{attachment.sha256}".encode()


def _seal(master: bytes, attachment: Attachment, content: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(master, attachment)).encrypt(nonce, content, _bound(attachment))


def _answer(db: Session, application: Application, question: str, ids: list[str], now: datetime) -> None:
    answers = {**application.answers, question: ids}
    left = answers if ids else {k: v for k, v in answers.items() if k != question}
    touch(db, application, answers=left, touched_at=now)


def _record(
    db: Session, application: Application, attachment: Attachment, action: str, by: Account, now: datetime
) -> None:
    detail = {"sha256": attachment.sha256, "size": attachment.size}
    record(db, action=action, actor=acting(by), now=now, subject=application.id, detail=detail)
