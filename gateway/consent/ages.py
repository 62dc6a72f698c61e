"""How old the lists of opt-outs are: a list that nobody renews leaves out people who have said no since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.consent.models import OptOutList
from gateway.db import reading
from gateway.settings import current


@dataclass(frozen=True, slots=True)
class Age:
    """A list, the days since the day that it is of, and whether that is too many."""

    list: OptOutList
    days: int
    old: bool


def ages(db: Session, now: datetime) -> list[Age]:
    """Every list of opt-outs, the oldest first."""
    most = current().optout_days
    rows = db.scalars(select(OptOutList).order_by(OptOutList.dated, OptOutList.name))
    days = [(each, (now.date() - each.dated).days) for each in rows]
    return [Age(each, count, 0 < most < count) for each, count in days]


def warning() -> str:
    """What is wrong with the lists in plain words, for those who watch the machine; nothing if all are fresh."""
    with reading() as db:
        old = [each for each in ages(db, clock.now()) if each.old]
    if not old:
        return ""
    return f"{len(old)} of the lists of opt-outs are old, the oldest by {old[0].days} days: import them anew"
