"""A release begins, takes up a changed policy, and is sealed. What lies between is in building.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.seen import looked_with
from gateway.deid.plan import Plan
from gateway.pixels.rules import PixelRules
from gateway.projects.grants import AlreadyRevoked
from gateway.projects.keys import first_data_master
from gateway.projects.models import Grant
from gateway.release.consents import Asked, as_of, when_built
from gateway.release.errors import BuiltElsewhere, KeepsUids
from gateway.release.models import CHECKING, LISTING, SEALED, ManifestEntry, Release
from gateway.trail.record import Actor, record


def begin(db: Session, *, grant: Grant, plan: Plan, rules: PixelRules, now: datetime) -> Release:
    """The release of a grant, to be built; the one that is there already if it was begun before.

    Raises AlreadyRevoked for a dead grant, KeepsUids, and what `first_data_master` raises.
    """
    there = db.scalar(select(Release).where(Release.grant_id == grant.id))
    if there is not None and there.state == SEALED:
        return there
    if grant.revoked_at is not None:
        raise AlreadyRevoked
    if plan.keeps_uids:
        raise KeepsUids
    first_data_master(db, now=now)
    if there is not None:
        return there
    asked = as_of(db, now)
    made = Release(
        grant_id=grant.id,
        project_id=grant.project_id,
        state=LISTING,
        built_at=now,
        consent_epoch=asked.epoch,
        consent_sha256=asked.sha256,
        deid_policy=plan.name,
        deid_sha256=plan.sha256,
        pixels_sha256=rules.sha256,
        model_sha256=looked_with(rules)[1],
    )
    db.add(made)
    db.flush()
    return made


def begin_again(db: Session, *, release: Release, plan: Plan, rules: PixelRules, now: datetime) -> bool:
    """A release whose list was thrown away begins anew, under the policies as they are now; False if some is left."""
    if db.scalar(select(ManifestEntry.uid).where(ManifestEntry.release_id == release.id).limit(1)) is not None:
        return False
    release.state, release.built_at = LISTING, now
    release.deid_policy, release.deid_sha256, release.pixels_sha256 = plan.name, plan.sha256, rules.sha256
    release.model_sha256 = looked_with(rules)[1]
    stand(db, release=release, asked=as_of(db, now))
    release.listed = release.released = release.withheld = 0
    db.flush()
    return True


def freeze(db: Session, *, release: Release) -> None:
    """The list is whole."""
    if release.state == LISTING:
        release.state = CHECKING
        db.flush()


def stand(db: Session, *, release: Release, asked: Asked) -> None:
    """Every entry has been decided on under these consents."""
    release.consent_epoch, release.consent_sha256 = asked.epoch, asked.sha256
    db.flush()


def seal(db: Session, *, by: Actor, release: Release, now: datetime) -> bool:
    """Let the release be read, on the record; False if something is to be done first: consent or an entry is open.

    Raises AlreadyRevoked for a dead grant, BuiltElsewhere if its list has been begun anew.
    """
    if release.state == SEALED:
        return True
    if release.state == LISTING:
        raise BuiltElsewhere
    if db.get_one(Grant, release.grant_id).revoked_at is not None:
        raise AlreadyRevoked
    waiting = select(ManifestEntry.uid).where(ManifestEntry.release_id == release.id, ManifestEntry.undecided)
    if as_of(db, now) != when_built(release) or db.scalar(waiting.limit(1)) is not None:
        return False
    release.state, release.built_at = SEALED, now
    db.flush()
    detail = {
        "release": release.id,
        "grant": release.grant_id,
        "released": release.released,
        "withheld": release.withheld,
        "deid_policy": release.deid_policy,
        "deid_sha256": release.deid_sha256,
        "pixels_sha256": release.pixels_sha256,
        "model_sha256": release.model_sha256,
        "consent_epoch": release.consent_epoch,
        "consent_sha256": release.consent_sha256,
    }
    record(db, action="release.built", actor=by, now=now, project=release.project_id, subject=release.id, detail=detail)
    return True
