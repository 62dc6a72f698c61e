"""Which letters are due: each notice as it is made, or one letter a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from gateway.jobs.queue import FOR_A_DAY, enqueue
from gateway.notices.mail import letter
from gateway.notices.models import Digest, Notice
from gateway.people.models import Account, Mail
from gateway.settings import current
from gateway.trail.record import SYSTEM, record

LETTER, DIGEST = "notices.letter", "notices.digest"
LOOK_BACK = timedelta(days=7)  # a digest tells nothing older


@dataclass(frozen=True, slots=True)
class Due:
    """A letter that is to be sent, and the notices that it tells."""

    account_id: str
    notices: tuple[str, ...]
    message: EmailMessage


def queue_letters(db: Session, *, notices: Iterable[Notice], now: datetime) -> None:
    """Have the letters written for those who want each notice by email, if there is a mail server."""
    if not current().smtp_host:
        return
    for each in notices:
        if each.account.mail == Mail.EACH:
            enqueue(db, kind=LETTER, payload={"notice": each.id}, now=now, most_attempts=FOR_A_DAY)


def queue_digests(db: Session, *, now: datetime) -> None:
    """Have one letter a day written, from `digest_hour` on, for those who chose so and have something unread."""
    if not current().smtp_host or now.hour < current().digest_hour:
        return
    done = select(Digest.account_id).where(Digest.day == now.date())
    waiting = select(Notice.account_id).where(*_for_a_digest(now))
    query = select(Account).where(Account.mail == Mail.DIGEST, Account.closed_at.is_(None))
    for account in db.scalars(query.where(Account.id.in_(waiting), Account.id.not_in(done))):
        db.add(Digest(account_id=account.id, day=now.date()))
        payload = {"account": account.id, "day": now.date().isoformat()}
        enqueue(db, kind=DIGEST, payload=payload, now=now, most_attempts=FOR_A_DAY)
    db.flush()


def due_letter(db: Session, notice_id: str) -> Due | None:
    """One notice as a letter, unless it was sent, or its reader has read it or wants no letters."""
    notice = db.get(Notice, notice_id)
    if notice is None or notice.read_at is not None or notice.account.mail != Mail.EACH:
        return None
    return _due([notice], name=f"notice-{notice.id}")


def due_digest(db: Session, account_id: str, *, day: str, now: datetime) -> Due | None:
    """What this account has not read as one letter."""
    query = select(Notice).where(Notice.account_id == account_id, *_for_a_digest(now))
    return _due(list(db.scalars(query.order_by(Notice.made_at, Notice.id))), name=f"digest-{account_id}-{day}")


def note_sent(db: Session, *, due: Due, now: datetime) -> None:
    """The server took the letter."""
    db.execute(update(Notice).where(Notice.id.in_(due.notices)).values(mailed_at=now))


def note_refused(db: Session, *, due: Due, now: datetime) -> None:
    """The server never will: on the record, and not tried again."""
    note_sent(db, due=due, now=now)
    record(db, action="mail.refused", actor=SYSTEM, now=now, subject=due.account_id)


def _for_a_digest(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Notice.read_at.is_(None), Notice.mailed_at.is_(None), Notice.made_at > now - LOOK_BACK


def _due(notices: Sequence[Notice], *, name: str) -> Due | None:
    left = [each for each in notices if each.mailed_at is None and each.account.closed_at is None]
    if not left:
        return None
    return Due(left[0].account_id, tuple(each.id for each in left), letter(left, name=name))
