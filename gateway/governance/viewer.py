"""Who is looking, for the pages and the API of this room."""

from __future__ import annotations

from flask import request
from sqlalchemy.orm import Session

from gateway.errors import Unauthenticated
from gateway.people.access import may, the_account
from gateway.people.models import Account

FORM = "research-access"
WORKFLOW = "standard"


def me(db: Session) -> Account:
    """The account of this request, in this session. Raises Unauthenticated."""
    found = db.get(Account, the_account().id)
    if found is None:
        raise Unauthenticated
    return found


def reads_all() -> bool:
    """Whether this request may read every submitted application."""
    return may("application.read-all")


def may_apply() -> bool:
    """Whether this request may write applications."""
    return may("application.write")


def seen_version() -> int | None:
    """The version of the application that the page was made from."""
    return request.form.get("version", type=int)
