"""Looking again at images of a release after people, or a new rule, have decided on their pixels.

What was withheld may be released, and what was released withheld. Who is in the release does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Archive as ArchiveRow
from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.seen import looked_with, newest
from gateway.deid.plan import load_plan
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import CLEAN, REDACTED
from gateway.projects.keys import data_master
from gateway.projects.keys_patient import key_ring
from gateway.projects.models import Grant
from gateway.release.commands import Builder
from gateway.release.consents import consents
from gateway.release.governing import outdated
from gateway.release.models import ManifestEntry, Release
from gateway.settings import current
from gateway.trail.record import Actor, record

WHAT_MAY_CHANGE = ("released", "reason", "screening_id", "stand_in", "refused_texts", "facts", "size")


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


def refresh(db: Session, *, by: Actor, release: Release, instances: Sequence[str] | None, now: datetime) -> int:
    """Decide anew on these instances of a release; None: on all that are withheld, or left by a screening that no
    longer counts. Gives how many entries changed.

    Under other pixel rules or models than it was decided on under all of it is decided on, and it stands under those.

    A release whose policy has changed since is left as it is: nothing leaves it anyway.
    Raises UnknownPolicy, BadRecipe.
    """
    plan, rules = load_plan(current().policies_dir, release.deid_policy), load_rules(current().policies_dir)
    if plan.sha256 != release.deid_sha256:
        return 0
    builder = Builder(plan, rules, consents(data_master(db), now), key_ring(db, release.project_id), release.id, now)
    sites = {row.id: row.site for row in db.scalars(select(ArchiveRow))}
    moves, changed = outdated(release, rules), 0
    asked = _all(release) if moves else _entries(release, instances, rules)
    for entry in db.scalars(asked).all():
        instance = db.get_one(Instance, entry.instance_id)
        if instance.series is not None:
            changed += _decided_anew(entry, builder.entry(db, instance, sites[instance.archive_id], entry.position))
    if moves:
        release.pixels_sha256, release.model_sha256 = looked_with(rules)
    if changed or moves:
        db.flush()
        _count(db, by, release, changed, now)
    return changed


def _all(release: Release) -> Select[ManifestEntry]:
    return select(ManifestEntry).where(ManifestEntry.release_id == release.id).order_by(ManifestEntry.position)


def _entries(release: Release, instances: Sequence[str] | None, rules: PixelRules) -> Select[ManifestEntry]:
    """Index: ix_screening_instance_id_screened_at."""
    here = _all(release)
    if instances is not None:
        return here.where(ManifestEntry.instance_id.in_(instances))
    counts = exists().where(Screening.id == ManifestEntry.screening_id, newest(rules, (CLEAN, REDACTED)))
    outdated = and_(ManifestEntry.screening_id.is_not(None), ~counts)
    return here.where(or_(ManifestEntry.released.is_(False), outdated))


def _decided_anew(entry: ManifestEntry, new: ManifestEntry) -> bool:
    """Whether the entry is another now. A forgotten patient's has no UID to find it by, and stays as it is."""
    if new.uid != entry.uid:
        return False
    different = [name for name in WHAT_MAY_CHANGE if getattr(new, name) != getattr(entry, name)]
    for name in different:
        setattr(entry, name, getattr(new, name))
    return bool(different)


def _count(db: Session, by: Actor, release: Release, changed: int, now: datetime) -> None:
    entries = db.scalars(select(ManifestEntry.released).where(ManifestEntry.release_id == release.id)).all()
    release.released, release.withheld = sum(entries), len(entries) - sum(entries)
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
