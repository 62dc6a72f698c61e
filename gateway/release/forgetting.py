"""Forgetting a patient in a project: the gateway can no longer tell what was released of them.

The patient's key goes, and with it every way to derive their pseudonym, UIDs and dates again. The manifest, which
says what lies behind a released UID, forgets too. What was copied before stays a copy: see docs/decisions.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.errors import Invalid, NotFound
from gateway.projects.keys_patient import first_key_ring
from gateway.projects.models import Grant
from gateway.release.destroying import FORGOTTEN, order_destruction
from gateway.release.models import ManifestEntry, Release
from gateway.release.queries import ClearPatient, entries_of_patient, patient_is_known
from gateway.trail.record import Actor, record

WITHDRAWN = "The patient has withdrawn, and the key to their data is destroyed."
REASONS: Mapping[str, str] = {  # a closed list, so that no name gets on the trail
    "patient-asked": "The patient asked for it",
    "on-behalf": "Somebody who speaks for the patient asked for it",
    "ordered": "A court or a regulator ordered it",
    "released-in-error": "The data should never have been released",
}


class NotAReason(Invalid):
    """The reason is not one of the list."""

    code = "not-a-reason"
    title = "Choose one of the reasons"


class NoSuchPatient(NotFound):
    """Perhaps mistyped: forgetting nobody must not look like forgetting somebody."""

    code = "patient-not-found"
    title = "The archives of this site know no such patient"


def forget_patient(
    db: Session, *, by: Actor, project_id: str, patient: ClearPatient, reason: str, now: datetime
) -> int:
    """Forget a patient in a project, for good. Gives how many images are withheld that were released before.

    Streams under the project's grants stop within a second; whoever reads other patients' data asks again.
    Raises NotAReason, NoSuchPatient, AlreadyForgotten, or what `data_master` raises.
    """
    if reason not in REASONS:
        raise NotAReason
    if not patient_is_known(db, patient):
        raise NoSuchPatient
    ring = first_key_ring(db, project_id, now=now)
    ring.destroy(db, site=patient.site, patient_id=patient.patient_id, now=now)
    order_destruction(db, by=by, project_id=project_id, patient=patient, because=FORGOTTEN, now=now)
    withheld = sum(_forget_in(db, release, patient) for release in _releases(db, project_id))
    db.execute(update(Grant).where(Grant.project_id == project_id).values(epoch=Grant.epoch + 1))
    db.flush()
    told = {"reason": reason, "site": patient.site, "withheld": withheld}
    record(db, action="patient.forgotten", actor=by, now=now, project=project_id, subject=project_id, detail=told)
    return withheld


def random_uid() -> str:
    """A UID that comes from nowhere (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def nameless(release_id: str, instance_id: str, site: str, position: int, *, series: str, study: str) -> ManifestEntry:
    """The entry of a forgotten patient's image: withheld, under UIDs of `random_uid`."""
    return ManifestEntry(
        release_id=release_id,
        uid=random_uid(),
        series_uid=series,
        study_uid=study,
        instance_id=instance_id,
        site=site,
        position=position,
        released=False,
        reason=WITHDRAWN,
    )


def _releases(db: Session, project_id: str) -> Sequence[Release]:
    return db.scalars(select(Release).where(Release.project_id == project_id)).all()


def _forget_in(db: Session, release: Release, patient: ClearPatient) -> int:
    """Put nameless entries in the place of the patient's; how many of those were released."""
    theirs = entries_of_patient(db, [release.id], patient)
    released, undecided = sum(entry.released for entry in theirs), sum(entry.undecided for entry in theirs)
    fresh: defaultdict[str, str] = defaultdict(random_uid)  # what was one series stays one, under another name
    for entry in theirs:
        db.delete(entry)
        series, study = fresh[entry.series_uid], fresh[entry.study_uid]
        db.add(nameless(release.id, entry.instance_id, entry.site, entry.position, series=series, study=study))
    release.released -= released
    release.withheld += released + undecided
    db.flush()
    return released
