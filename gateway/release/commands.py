"""Build a release: freeze what a grant opens, after opt-outs, pixel rules, and one trial of every header."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Archive as ArchiveRow
from gateway.catalogue.models import Instance, Site
from gateway.catalogue.queries import instances_in
from gateway.catalogue.seen import facts_of, latest, looked_with
from gateway.deid.identifiers import Identifiers
from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan, load_plan
from gateway.dicom.uids import ClearUid
from gateway.errors import SlidegateError
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import CLEAN, REDACTED
from gateway.projects.grants import AlreadyRevoked
from gateway.projects.keys import first_data_master
from gateway.projects.keys_patient import KeyRing, PatientForgotten, first_key_ring
from gateway.projects.models import Grant
from gateway.release import facts
from gateway.release.consents import Consents, as_of, consents
from gateway.release.errors import KeepsUids
from gateway.release.forgetting import nameless, random_uid
from gateway.release.models import ManifestEntry, Release
from gateway.release.rewriting import rewritten
from gateway.release.study import identifiers_in, refused_texts
from gateway.settings import current
from gateway.trail.record import Actor, record

NOT_SCREENED = "This image has not been screened for burnt-in text yet."
FOR_A_PERSON = "Something was found in this image, and a person has to look at it."
AT_ONCE = 500  # entries that are held before they are written


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes entries of a manifest. What stays the same for all instances of one release."""

    plan: Plan
    rules: PixelRules
    consents: Consents
    ring: KeyRing
    release_id: str
    now: datetime
    known: dict[str, Identifiers] = field(default_factory=dict)  # of the study that is being looked at
    strangers: defaultdict[str, str] = field(default_factory=lambda: defaultdict(random_uid))

    def entry(self, db: Session, instance: Instance, site: Site, position: int) -> ManifestEntry:
        """The instance under its release UIDs: released, or withheld and why."""
        series = instance.series
        assert series is not None, "instances_in gives indexed instances only"
        try:
            keys = self.ring.patient_or_new(db, site=site.code, patient_id=series.study.patient_id, now=self.now)
        except PatientForgotten:
            series_uid, study_uid = self.strangers[series.id], self.strangers[series.study_id]
            return nameless(self.release_id, instance.id, site.code, position, series=series_uid, study=study_uid)
        entry = ManifestEntry(
            release_id=self.release_id,
            uid=keys.uid(ClearUid(instance.uid)),
            series_uid=keys.uid(ClearUid(series.uid)),
            study_uid=keys.uid(ClearUid(series.study.uid)),
            instance_id=instance.id,
            site=site.code,
            position=position,
            released=False,
            flavour=instance.image_type[2] if len(instance.image_type) > 2 else "",
            transfer_syntax=instance.transfer_syntax,
            frame_count=instance.frame_count,
            size=0,
            facts={},
            refused_texts=[],
            stand_in=False,
        )
        entry.reason = self._withheld(db, instance, site) or self._unscreened(db, instance, entry)
        if not entry.reason:
            self._try(db, instance, keys, entry)
        return entry

    def _withheld(self, db: Session, instance: Instance, site: Site) -> str:
        assert instance.series is not None
        if said := self.consents.refusal(db, instance.series.study, site.code):
            return said
        verdict = self.rules.verdict(facts_of(instance))
        return "" if verdict.released else verdict.reason

    def _unscreened(self, db: Session, instance: Instance, entry: ManifestEntry) -> str:
        """Why the pixels may not leave yet; nothing if they may. Notes the screening that says so."""
        if not self.rules.verdict(facts_of(instance)).screened:
            return ""
        found = latest(db, instance, self.rules)
        if found is None:
            return NOT_SCREENED
        if found.state not in (CLEAN, REDACTED):
            return found.reason or FOR_A_PERSON
        entry.screening_id = found.id
        return ""

    def _try(self, db: Session, instance: Instance, keys: ProjectKeys, entry: ManifestEntry) -> None:
        """Rewrite the header once; an instance that fails is withheld with the reason."""
        try:
            refused = refused_texts(db, instance, self.plan, keys, self._known(db, instance))
            entry.stand_in = self.rules.verdict(facts_of(instance)).stand_in
            made = rewritten(db, instance, self.plan, keys, entry.screening_id, refused, entry.stand_in)
        except SlidegateError as error:
            entry.reason = error.message[:200]
            return
        entry.released = True
        entry.refused_texts = sorted(refused)
        entry.facts = facts.searchable(made.told)
        entry.size = made.length

    def _known(self, db: Session, instance: Instance) -> Identifiers:
        """The identifiers of the instance's whole study; instances come study by study."""
        assert instance.series is not None
        study_id = instance.series.study_id
        if study_id not in self.known:
            self.known.clear()
            self.known[study_id] = identifiers_in(db, study_id)
        return self.known[study_id]


def build(db: Session, *, by: Actor, grant: Grant, now: datetime) -> Release:
    """The release of a grant; the one that is there already if it was built before.

    Raises UnknownPolicy or BadRecipe for a policy that cannot be used, AlreadyRevoked for a dead grant.
    """
    there = db.scalar(select(Release).where(Release.grant_id == grant.id))
    if there is not None:
        return there
    if grant.revoked_at is not None:
        raise AlreadyRevoked
    policies: Path = current().policies_dir
    plan, rules = load_plan(policies, grant.deid_policy), load_rules(policies)
    if plan.keeps_uids:
        raise KeepsUids
    asked = as_of(db, now)
    release = Release(
        grant_id=grant.id,
        project_id=grant.project_id,
        built_at=now,
        consent_epoch=asked.epoch,
        consent_sha256=asked.sha256,
        deid_policy=plan.name,
        deid_sha256=plan.sha256,
        pixels_sha256=rules.sha256,
        model_sha256=looked_with(rules)[1],
    )
    db.add(release)
    db.flush()
    ring = first_key_ring(db, grant.project_id, now=now)
    builder = Builder(plan, rules, consents(first_data_master(db, now=now), now), ring, release.id, now)
    sites = {row.id: row.site for row in db.scalars(select(ArchiveRow))}
    made: list[ManifestEntry] = []
    for position, instance in enumerate(instances_in(db, grant.dataset_ids)):
        entry = builder.entry(db, instance, sites[instance.archive_id], position)
        release.released += entry.released
        release.withheld += not entry.released
        made.append(entry)
        if len(made) == AT_ONCE:
            _keep(db, made)
    _keep(db, made)
    db.flush()
    _record(db, by, release, now)
    return release


def _keep(db: Session, made: list[ManifestEntry]) -> None:
    """Write entries and let go of them, so that a release of a million takes no more memory than one of a thousand."""
    db.add_all(made)
    db.flush()
    for each in made:
        db.expunge(each)
    made.clear()


def _record(db: Session, by: Actor, release: Release, now: datetime) -> None:
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
