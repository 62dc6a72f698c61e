"""A timestamp authority (RFC 3161) dates a checkpoint now and then, for whoever has no witness."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db import reading, transaction
from gateway.errors import Invalid, SlidegateError
from gateway.settings import current
from gateway.trail import outside
from gateway.trail.models import Checkpoint, Timestamp
from gateway.trail.rfc3161 import BadTimestamp, request, token_of

EVERY = timedelta(hours=1)  # at most; an authority serves many
LONGEST = 64 * 1024  # bytes of an answer
NONCE_BITS = 63
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
log = structlog.get_logger("gateway.trail.timestamps")


class BadAuthority(Invalid):
    """The setting cannot be used."""

    code = "bad-timestamp-authority"
    title = "Setting timestamp_authority holds an https address"


class NotStamped(SlidegateError):
    """The authority gave no timestamp; says nothing of why but its status."""

    code = "not-stamped"
    status = 502
    title = "The timestamp authority gave no timestamp"


def ask(*, now: datetime) -> bool:
    """Have the newest checkpoint stamped, once an hour; whether it was. What fails is asked again next time."""
    if not current().timestamp_authority:
        return False
    with reading() as db:
        checkpoint = db.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).one_or_none()
        last = db.scalars(select(Timestamp).order_by(Timestamp.size.desc()).limit(1)).one_or_none()
    if checkpoint is None or (last is not None and (last.size == checkpoint.size or now - last.at < EVERY)):
        return False
    try:
        token = _asked(checkpoint.note)
    except NotStamped as error:
        log.error("not-stamped", status=error.message)
        return False
    with transaction() as db:
        db.merge(Timestamp(size=checkpoint.size, token=token, at=now))
    return True


def of(db: Session, sizes: list[int]) -> dict[int, bytes]:
    """The tokens of these checkpoints, by size. Index: pk_trail_timestamp."""
    found = select(Timestamp.size, Timestamp.token).where(Timestamp.size.in_(sizes)).order_by(Timestamp.size)
    return {row.size: row.token for row in db.execute(found)}


def digest(note: str) -> bytes:
    """What is stamped: the SHA-256 of a checkpoint's signed note, without signatures of others."""
    return hashlib.sha256(note.encode()).digest()


def _asked(note: str) -> bytes:
    url, nonce = current().timestamp_authority, secrets.randbits(NONCE_BITS)
    if not url.startswith(outside.SAFE):
        raise BadAuthority
    try:
        asked = request(digest(note), nonce)
        status, media_type, body = outside.posted(url, asked, longest=LONGEST, media_type=QUERY)
        if status != HTTPStatus.OK or media_type != REPLY:
            raise NotStamped(str(status))
        return token_of(body, digest(note), nonce)
    except outside.BadAddress:
        raise BadAuthority from None
    except (outside.NoAnswer, BadTimestamp) as error:
        raise NotStamped(str(error)) from None
