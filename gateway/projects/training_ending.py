"""Reminders that a certificate of training runs out, to those whose access hangs on it; said once for each."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db import transaction
from gateway.jobs.rounds import go_round
from gateway.notices.commands import tell
from gateway.notices.models import Kind
from gateway.people.models import Account
from gateway.projects.ending import DAYS, TELLS_OF
from gateway.projects.models import Membership
from gateway.projects.queries import grants_running
from gateway.projects.readiness import trained_until
from gateway.projects.training import PAGE


@go_round(every=600)
def training(now: datetime) -> None:
    """Remind of certificates that run out soon, and tell of those that have."""
    with transaction() as db:
        remind_of_training(db, now=now)


def remind_of_training(db: Session, *, now: datetime) -> None:
    """Tell each member of a running grant whose training for it ends in 30 or 7 days, or has ended since a week."""
    kinds: dict[str, set[str]] = {}
    for grant in grants_running(db, now):
        members = db.scalars(select(Membership.account_id).where(Membership.project_id == grant.project_id))
        for account_id in members:
            kinds.setdefault(account_id, set()).update(grant.training)
    until = trained_until(db, kinds)
    for account_id, asked in kinds.items():
        for kind in sorted(asked & set(until.get(account_id, {}))):
            _remind(db, db.get_one(Account, account_id), kind, until[account_id][kind], now)


def _remind(db: Session, account: Account, kind: str, ends: datetime, now: datetime) -> None:
    days = next((each for each in DAYS if ends - now <= timedelta(days=each)), None)
    if days is None or now - ends >= TELLS_OF:
        return
    last = f"{ends - timedelta(seconds=1):%Y-%m-%d}"
    if now < ends:
        step, text = f"training-{days}", f"Your training ends on {last}, and access with it: show a new certificate"
    else:
        step, text = "training-ended", f"Your training ended on {last}, and access with it: show a new certificate"
    once = f"{step}:{kind}:{ends:%Y%m%d%H%M}"
    tell(db, to=[account], kind=Kind.TRAINING, text=text, href=PAGE, now=now, once=once)
