"""Recovery: what a killed worker had entered in its journal is written as events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db import transaction
from gateway.settings import current
from gateway.trail import reads
from gateway.trail.journal import Journal, abandoned
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM, Telling, record_all


def recover(directory: Path | None = None, *, now: datetime) -> int:
    """Write the frames that dead workers entered but did not flush; gives the number of journals.

    Call it when a process starts. Safe to call at any time and from many processes at once. Frames that were
    written just before the crash may be written again: their events are united, so nothing is counted twice.
    """
    count = 0
    for journal in abandoned(directory or current().data_dir / "journal"):
        kept = False
        try:
            with transaction() as db:
                _write(db, journal, now)
            kept = True
        finally:
            if kept:
                journal.discard()
            else:
                journal.release()
        count += 1
    return count


def _write(db: Session, journal: Journal, now: datetime) -> None:
    frames = journal.entries(journal.tail, journal.head) if journal.sound() else {}
    open_leases = journal.open_leases()
    trusted = journal.trusted()
    known = {
        event.seq: reads.read_of(event)
        for event in db.scalars(
            select(Event).where(Event.seq.in_({*frames, *open_leases}), Event.action == reads.OPENED)
        )
    }
    tellings = [
        reads.sent_frames(lease=lease, read=known[lease], frames=frames[lease], now=now)
        for lease in frames.keys() & known.keys()
    ]
    if trusted:  # else pages may be lost: the leases stay open, and so count as whole
        tellings += [
            reads.closed(lease=lease, read=known[lease], outcome="recovered", sent=None, now=now)
            for lease in _not_closed(db, [lease for lease in open_leases if lease in known])
        ]
    told = {"leases": len(known), "unknown": len({*frames, *open_leases} - known.keys()), "complete": trusted}
    record_all(db, [*tellings, Telling("journal.recovered", SYSTEM, now, detail=told)])


def _not_closed(db: Session, leases: list[int]) -> list[int]:
    query = select(Event.lease_seq).where(Event.action == reads.CLOSED, Event.lease_seq.in_(leases))
    closed = set(db.scalars(query))
    return [lease for lease in leases if lease not in closed]
