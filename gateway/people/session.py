"""Who sends this request: found once, before the page runs, from the cookie or the bearer token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, g, request
from sqlalchemy.orm import Session

from gateway import turns
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people import sign_ins, tokens
from gateway.people.models import Account
from gateway.people.tokens import WHOLE_ACCOUNT, BadToken
from gateway.settings import current

LONGEST_NOTE = 1.0  # seconds that noting who is here may take
OPEN_TO_ALL = {"health.alive", "health.ready", "health.metrics"}


@dataclass(frozen=True, slots=True)
class Caller:
    """An account, and by what it is known: a session of the pages, or a token with a scope."""

    account: Account
    scope: str = WHOLE_ACCOUNT
    session_id: str | None = None
    token_id: str | None = None
    ends_at: datetime | None = None  # of the token

    def at_most(self, wanted: datetime) -> datetime:
        """When something that is made for later use may end: what a token makes does not outlast it."""
        return wanted if self.ends_at is None else min(wanted, self.ends_at)


def caller() -> Caller | None:
    """Who sends this request; None for a stranger."""
    found: Caller | None = g.get("caller")
    return found


def current_account() -> Account | None:
    """The account of this request. None for a stranger, and for a token that is for one release only."""
    found = caller()
    return found.account if found is not None and found.scope == WHOLE_ACCOUNT else None


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host and to HTTPS (RFC 6265bis 4.1.3.2)."""
    return "__Host-slidegate" if current().secure_cookies else "slidegate"


def set_cookie(response: Response, secret: str) -> None:
    """Give the browser its session."""
    response.set_cookie(cookie_name(), secret, secure=current().secure_cookies, httponly=True, samesite="Lax", path="/")


def clear_cookie(response: Response) -> None:
    """Take it back."""
    response.delete_cookie(cookie_name(), secure=current().secure_cookies, httponly=True, samesite="Lax", path="/")


def identify() -> None:
    """Set the caller of this request. Raises BadToken if an Authorization header is no good."""
    g.caller = None
    endpoint = request.endpoint or ""
    if endpoint in OPEN_TO_ALL or endpoint.rpartition(".")[2] == "static":
        return
    if "Authorization" in request.headers:
        g.caller = _from_token()
    elif secret := request.cookies.get(cookie_name()):
        g.caller = _from_cookie(secret)


def _from_token() -> Caller:
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise BadToken
    moment = now()
    with reading() as db:
        bearer = tokens.check(db, secret=authorization.token, now=moment)
    if not bearer.use_is_noted(moment):
        _note(lambda db: tokens.note_use(db, token_id=bearer.token_id, now=moment))
    return Caller(bearer.account, bearer.scope, token_id=bearer.token_id, ends_at=bearer.expires_at)


def _from_cookie(secret: str) -> Caller | None:
    moment = now()
    with reading() as db:
        found = sign_ins.find_session(db, secret=secret, now=moment)
    if found is None:
        return None
    if moment - found.seen_at >= sign_ins.SEEN_NOTED_EVERY:
        _note(lambda db: sign_ins.note_seen(db, session_id=found.id, now=moment))
    return Caller(found.account, session_id=found.id)


def _note(seen: Callable[[Session], None]) -> None:
    """Note that somebody is here. Where nothing can be written they go on, and count as idle the earlier."""
    with suppress(turns.DatabaseBusy, turns.Unwritable), turns.at_most(LONGEST_NOTE), transaction() as db:
        seen(db)


def install(app: Flask) -> None:
    """Identify every request before anything else looks at it."""
    app.before_request(identify)
