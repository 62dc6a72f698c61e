"""Signing in. Whoever fails learns nothing: unknown, wrong, paused and closed give one answer in one time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.db import reading, transaction
from gateway.errors import Invalid
from gateway.people import queries
from gateway.people.models import Account
from gateway.people.passwords import matches
from gateway.people.sign_ins import open_session
from gateway.trail.record import ANONYMOUS, record

ATTEMPTS = 5
PAUSE = timedelta(minutes=15)


class SignInRefused(Invalid):
    """One answer for every reason."""

    code = "sign-in-refused"
    status = 401
    title = (
        "The email address or the password is not right. "
        f"After {ATTEMPTS} wrong passwords an account pauses for {PAUSE.seconds // 60} minutes."
    )


def sign_in(*, email: str, password: str, now: datetime) -> str:
    """Check a password and open a session; gives its secret. Raises SignInRefused.

    A door of its own: the slow check runs outside the transaction that writes what came of it.
    """
    with reading() as db:
        claimed = queries.account_by_email(db, email)
    right = matches(claimed.password_hash if claimed is not None else "", password)
    with transaction() as db:
        account = db.get(Account, claimed.id) if claimed is not None else None
        secret = _settle(db, account=account, right=right, now=now)
    if secret is None:
        raise SignInRefused
    return secret


def _settle(db: Session, *, account: Account | None, right: bool, now: datetime) -> str | None:
    """What came of it: a session's secret, or None and one more failure."""
    if account is None:
        record(db, action="session.refused", actor=ANONYMOUS, detail={"reason": "unknown"}, now=now)
        return None
    if account.closed_at is not None or is_paused(account, now):
        reason = "closed" if account.closed_at is not None else "paused"
        record(db, action="session.refused", actor=ANONYMOUS, subject=account.id, detail={"reason": reason}, now=now)
        return None
    if not right:
        detail = {"reason": "wrong password", "pauses": count_failure(account, now)}
        record(db, action="session.refused", actor=ANONYMOUS, subject=account.id, detail=detail, now=now)
        return None
    account.failures, account.locked_until = 0, None
    return open_session(db, account=account, now=now)


def is_paused(account: Account, now: datetime) -> bool:
    """Whether too many wrong passwords keep everybody out for now."""
    return account.locked_until is not None and now < account.locked_until


def count_failure(account: Account, now: datetime) -> bool:
    """One more wrong password; whether it is the one that pauses the account."""
    account.failures += 1
    if account.failures < ATTEMPTS:
        return False
    account.failures, account.locked_until = 0, now + PAUSE
    return True
