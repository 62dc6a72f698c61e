"""Looking again at images of a release after people, or a new rule, have decided on their pixels.

What was withheld may be released, and what was released withheld. Who is in the release does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Screening
from gateway.catalogue.seen import looked_with, newest
from gateway.db import reading, transaction
from gateway.deid.plan import load_plan
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import CLEAN, REDACTED
from gateway.projects.keys import data_master
from gateway.projects.keys_patient import key_ring
from gateway.projects.models import Grant
from gateway.release.bands import BAND, Desk
from gateway.release.consents import consents
from gateway.release.deciding import Decider
from gateway.release.governing import outdated
from gateway.release.models import ManifestEntry, Release
from gateway.settings import current
from gateway.trail.record import Actor, record


def living(db: Session, now: datetime) -> list[Release]:
    """The releases that somebody can still read, or will."""
    return list(
        db.scalars(
            select(Release)
            .join(Grant, Grant.id == Release.grant_id)
            .where(Grant.revoked_at.is_(None), Grant.ends_at > now)
            .order_by(Release.id)
        )
    )


def refresh(*, by: Actor, release: Release, instances: Sequence[str] | None, now: datetime) -> int:
    """Decide anew on these instances of a release; None: on all that are withheld, or left by a screening that no
    longer counts. Gives how many entries changed.

    Under other pixel rules or models than it was decided on under all of it is decided on, and it stands under those.

    Never call it inside a transaction: each band is one. A release whose policy has changed since is left as it is:
    nothing leaves it anyway. Raises UnknownPolicy, BadRecipe.
    """
    plan, rules = load_plan(current().policies_dir, release.deid_policy), load_rules(current().policies_dir)
    with reading() as db:
        desk = Desk(release.id, Decider(plan, rules), key_ring(db, release.project_id), consents(data_master(db), now))
        moves = outdated(release, rules)
        if not (moves or desk.is_under_the_policies_of(release)):
            return 0
        uids = list(db.scalars(_all(release) if moves else _entries(release, instances, rules)))

    def told(db: Session, changed: int) -> None:
        if not moves:
            _record(db, by, db.get_one(Release, release.id, populate_existing=True), changed, now)

    changed = sum(desk.settle(uids[first : first + BAND], told) for first in range(0, len(uids), BAND))
    if moves:  # until now nothing left it
        with transaction() as db:
            here = db.get_one(Release, release.id)
            here.pixels_sha256, here.model_sha256 = looked_with(rules)
            db.flush()
            _record(db, by, here, changed, now)
    return changed


def _all(release: Release) -> Select[str]:
    """What nobody has decided on yet is left to whoever builds the release."""
    here = select(ManifestEntry.uid).where(ManifestEntry.release_id == release.id, ManifestEntry.undecided.is_(False))
    return here.order_by(ManifestEntry.position)


def _entries(release: Release, instances: Sequence[str] | None, rules: PixelRules) -> Select[str]:
    """Index: ix_screening_instance_id_screened_at."""
    here = _all(release)
    if instances is not None:
        return here.where(ManifestEntry.instance_id.in_(instances))
    counts = exists().where(Screening.id == ManifestEntry.screening_id, newest(rules, (CLEAN, REDACTED)))
    outdated = and_(ManifestEntry.screening_id.is_not(None), ~counts)
    return here.where(or_(ManifestEntry.released.is_(False), outdated))


def _record(db: Session, by: Actor, release: Release, changed: int, now: datetime) -> None:
    detail = {
        "release": release.id,
        "changed": changed,
        "released": release.released,
        "withheld": release.withheld,
        "pixels_sha256": release.pixels_sha256,
        "model_sha256": release.model_sha256,
    }
    record(
        db, action="release.refreshed", actor=by, now=now, project=release.project_id, subject=release.id, detail=detail
    )
