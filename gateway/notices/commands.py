"""Telling people what has happened, in the transaction in which it happens; and their reading of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.errors import NotFound
from gateway.notices.models import Kind, Notice
from gateway.notices.sending import queue_letters
from gateway.people.models import Account


class NoSuchNotice(NotFound):
    """Not there, or somebody else's."""

    code = "notice-not-found"
    title = "There is no such notice"


def tell(
    db: Session,
    *,
    to: Iterable[Account],
    kind: Kind,
    text: str,
    href: str,
    now: datetime,
    once: str | None = None,
    calendar: str | None = None,
) -> list[Notice]:
    """Tell each of these people, if their account is open, and not twice where `once` says so; gives what is new.

    `text` and `href` (a path of ours) go out by email too, with `calendar`: none of them may name a person.
    """
    if not href.startswith("/") or href.startswith("//"):
        raise ValueError("a notice leads to a page of this gateway")
    made = []
    for account in {each.id: each for each in to if each.closed_at is None}.values():
        if once is None or not _was_told(db, account, once):
            told = Notice(account=account, kind=kind.value, text=text[:300], href=href, made_at=now, once=once)
            told.calendar = calendar
            made.append(told)
    db.add_all(made)
    db.flush()
    queue_letters(db, notices=made, now=now)
    return made


def mark_read(db: Session, *, by: Account, notice_id: str, now: datetime) -> Notice:
    """Its owner has read it; a second time changes nothing. Raises NoSuchNotice."""
    notice = db.get(Notice, notice_id)
    if notice is None or notice.account_id != by.id:
        raise NoSuchNotice
    notice.read_at = notice.read_at or now
    return notice


def mark_all_read(db: Session, *, by: Account, now: datetime) -> None:
    """Its owner has read everything until now."""
    mine = (Notice.account_id == by.id, Notice.read_at.is_(None), Notice.made_at <= now)
    db.execute(update(Notice).where(*mine).values(read_at=now))


def _was_told(db: Session, account: Account, once: str) -> bool:
    """Index: uq_notice_account_id."""
    found = select(Notice.id).where(Notice.account_id == account.id, Notice.once == once)
    return db.scalar(found) is not None
