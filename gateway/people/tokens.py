"""Bearer tokens: opaque, 256 random bits, kept as a digest, for a scope and a time."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid, NotFound, Unauthenticated
from gateway.people.models import Account, Token
from gateway.settings import current
from gateway.trail.record import Actor, record

PREFIX = "sg_"
WHOLE_ACCOUNT = "account"
SCOPES = re.compile(r"account|release:[0-9a-z]{1,32}")
USE_NOTED_EVERY = timedelta(minutes=1)


class BadToken(Unauthenticated):
    """Unknown, expired or revoked: which of them is told to the account's owner only, on the account page."""

    code = "bad-token"
    title = "The token is unknown, expired or revoked"


class BadTokenRequest(Invalid):
    """A token was asked for that the gateway does not give."""

    code = "bad-token-request"
    title = "No such token can be made"


class NoSuchToken(NotFound):
    """Not there, or somebody else's."""

    code = "token-not-found"
    title = "There is no such token"


class AlreadyRevoked(Conflict):
    """Revoked before."""

    code = "token-revoked"
    title = "This token is already revoked"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who sends a valid token, and what it is good for."""

    account: Account
    scope: str
    token_id: str
    expires_at: datetime
    last_used_at: datetime | None = None

    def use_is_noted(self, now: datetime) -> bool:
        """Whether the last use that was noted is fresh enough to need no writing."""
        return self.last_used_at is not None and now - self.last_used_at < USE_NOTED_EVERY


def acting(account: Account) -> Actor:
    """The account as the trail names it."""
    return Actor("account", account.id, account.name, account.email)


def issue(
    db: Session,
    *,
    account: Account,
    scope: str,
    expires: datetime,
    now: datetime,
    label: str = "",
    by: Actor | None = None,
) -> tuple[Token, str]:
    """A new token and its secret, which is nowhere kept. Raises BadTokenRequest."""
    longest = current().token_max_days
    if not SCOPES.fullmatch(scope):
        raise BadTokenRequest('a token is for "account" or for one release')
    if not now < expires <= now + timedelta(days=longest, minutes=1):
        raise BadTokenRequest(f"a token ends in the future, and at most {longest} days from now")
    if account.closed_at is not None:
        raise BadTokenRequest("this account is closed")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        secret_sha256=_digest(secret),
        account_id=account.id,
        scope=scope,
        label=label.strip()[:100],
        created_at=now,
        expires_at=expires,
    )
    db.add(token)
    db.flush()
    told = {"scope": scope, "expires": expires.isoformat()}
    record(db, action="token.issued", actor=by or acting(account), subject=token.id, detail=told, now=now)
    return token, secret


def check(db: Session, *, secret: str, now: datetime) -> Bearer:
    """Who sends this secret. Raises BadToken, the same for unknown, expired and revoked."""
    token = db.scalar(select(Token).where(Token.secret_sha256 == _digest(secret)))
    if token is None or token.revoked_at is not None or now >= token.expires_at:
        raise BadToken
    if token.account.closed_at is not None:
        raise BadToken
    return Bearer(token.account, token.scope, token.id, token.expires_at, token.last_used_at)


def note_use(db: Session, *, token_id: str, now: datetime) -> None:
    """Remember when a token was last used, to the minute."""
    token = db.get(Token, token_id)
    if token is not None:
        token.last_used_at = now


def revoke(db: Session, *, by: Actor, token: Token, now: datetime) -> None:
    """End a token now. Raises AlreadyRevoked."""
    if token.revoked_at is not None:
        raise AlreadyRevoked
    token.revoked_at = now
    record(db, action="token.revoked", actor=by, subject=token.id, now=now)


def tokens_of(db: Session, account_id: str) -> Sequence[Token]:
    """An account's tokens, newest first. Uses ix_people_token_account_id."""
    return db.scalars(
        select(Token).where(Token.account_id == account_id).order_by(Token.created_at.desc(), Token.id)
    ).all()


def token_of(db: Session, account_id: str, token_id: str) -> Token:
    """One token of this account. Raises NoSuchToken."""
    token = db.get(Token, token_id)
    if token is None or token.account_id != account_id:
        raise NoSuchToken
    return token


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
