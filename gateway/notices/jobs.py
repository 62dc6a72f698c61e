"""Work behind the pages: letters. No transaction is open while the mail server is spoken to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway import clock
from gateway.db import reading, transaction
from gateway.jobs.handlers import handler
from gateway.jobs.rounds import go_round
from gateway.notices import sending
from gateway.notices.mail import AddressRefused, send


@handler(sending.LETTER)
def write_letter(payload: Any) -> None:
    """Send the notice payload["notice"]; harmless twice."""
    with reading() as db:
        due = sending.due_letter(db, payload["notice"])
    _post(due)


@handler(sending.DIGEST)
def write_digest(payload: Any) -> None:
    """Send the letter of the day payload["day"] to payload["account"]; harmless twice."""
    with reading() as db:
        due = sending.due_digest(db, payload["account"], day=payload["day"], now=clock.now())
    _post(due)


@go_round(every=300)
def digests(now: datetime) -> None:
    """Queue the letters of the day."""
    with transaction() as db:
        sending.queue_digests(db, now=now)


def _post(due: sending.Due | None) -> None:
    if due is None:
        return
    note = sending.note_sent
    try:
        send(due.message)
    except AddressRefused:
        note = sending.note_refused
    with transaction() as db:
        note(db, due=due, now=clock.now())
