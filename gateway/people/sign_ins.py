"""Server-side sessions: opened at sign-in, void after 30 idle minutes or 12 hours, closed at sign-out."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.people.models import Account, SignIn
from gateway.people.tokens import acting
from gateway.settings import current
from gateway.trail.record import record

SEEN_NOTED_EVERY = timedelta(minutes=1)


def open_session(db: Session, *, account: Account, now: datetime) -> str:
    """A new session's secret, for the cookie."""
    secret = secrets.token_urlsafe(32)
    ends = now + timedelta(hours=current().session_hours)
    opened = SignIn(secret_sha256=_digest(secret), account_id=account.id, opened_at=now, seen_at=now, ends_at=ends)
    db.add(opened)
    db.flush()
    record(db, action="session.opened", actor=acting(account), subject=opened.id, now=now)
    return secret


def find_session(db: Session, *, secret: str, now: datetime) -> SignIn | None:
    """The session of this secret if it is still good."""
    found = db.scalar(select(SignIn).where(SignIn.secret_sha256 == _digest(secret)))
    return found if found is not None and is_open(found, now) else None


def is_open(session: SignIn, now: datetime) -> bool:
    """Whether a session still admits its owner."""
    idle = timedelta(minutes=current().session_idle_minutes)
    return (
        session.closed_at is None
        and session.account.closed_at is None
        and now < session.ends_at
        and now - session.seen_at < idle
    )


def note_seen(db: Session, *, session_id: str, now: datetime) -> None:
    """Remember that the session is in use."""
    found = db.get(SignIn, session_id)
    if found is not None:
        found.seen_at = now


def close_session(db: Session, *, session: SignIn, now: datetime) -> None:
    """Sign out."""
    if session.closed_at is None:
        session.closed_at = now
        record(db, action="session.closed", actor=acting(session.account), subject=session.id, now=now)


def open_sessions(db: Session, account_id: str, now: datetime) -> Sequence[SignIn]:
    """An account's sessions that are still good, latest first. Uses ix_people_sign_in_account_id."""
    query = select(SignIn).where(SignIn.account_id == account_id, SignIn.closed_at.is_(None))
    return [each for each in db.scalars(query.order_by(SignIn.seen_at.desc())) if is_open(each, now)]


def close_others(db: Session, *, account_id: str, keep: str | None, now: datetime) -> int:
    """Sign an account out everywhere but in the session `keep`; how many were closed."""
    others = [each for each in open_sessions(db, account_id, now) if each.id != keep]
    for each in others:
        close_session(db, session=each, now=now)
    return len(others)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
