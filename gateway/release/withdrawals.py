"""Who has withdrawn: looked for in the releases whenever consent has changed, and their data ordered destroyed.

The lists of consent are keyed hashes, so a change does not say whose it is: each patient of the releases is looked up.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from gateway.consent.epochs import epoch
from gateway.consent.given import OPTED_OUT, refusal
from gateway.consent.patients import patient as looked_up
from gateway.db import engine, reading, transaction
from gateway.jobs.rounds import go_round
from gateway.projects.keys import data_master
from gateway.release.destroying import CONSENT, OPT_OUT, order_destruction, remind, to_destroy
from gateway.release.models import Release
from gateway.release.queries import ClearPatient, patients_released_to
from gateway.trail.record import SYSTEM

_looked_at: dict[Engine, int] = {}  # the epoch that was looked at last


@go_round(every=5)
def withdrawals(now: datetime) -> None:
    """Look for withdrawals if consent has changed since the last look."""
    with reading() as db:
        here = epoch(db, now)
    if _looked_at.get(engine()) != here:
        order_what_was_withdrawn(now)
        _looked_at.clear()
        _looked_at[engine()] = here


@go_round(every=600)
def destructions(now: datetime) -> None:
    """Remind of orders that nobody has confirmed."""
    with transaction() as db:
        remind(db, now=now)


def order_what_was_withdrawn(now: datetime) -> int:
    """Make the orders that are missing; harmless twice. Gives how many."""
    with reading() as db:
        found = _withdrawn(db, now)
    made = 0
    for project_id, patient, because in found:
        with transaction() as db:
            order = order_destruction(db, by=SYSTEM, project_id=project_id, patient=patient, because=because, now=now)
        made += order is not None
    return made


def _withdrawn(db: Session, now: datetime) -> list[tuple[str, ClearPatient, str]]:
    projects = list(db.scalars(select(Release.project_id).distinct().order_by(Release.project_id)))
    if not projects:
        return []
    master, found = data_master(db), []
    for project_id in projects:
        for each in patients_released_to(db, project_id):
            whose = looked_up(master, each.site, each.patient_id)
            said = refusal(db, whose, explicit=False, now=now)
            if said and to_destroy(db, project_id, each):
                found.append((project_id, each, OPT_OUT if said == OPTED_OUT else CONSENT))
    return found
