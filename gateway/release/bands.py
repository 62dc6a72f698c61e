"""Deciding on many entries of a manifest: thought out beside the database, then written in one short transaction.

What a decision rests on, consent and screenings, may change while a band is thought about. It is asked for again when
the band is written, under the writers' lock: if it is another, the band is decided on once more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from gateway.catalogue.models import Archive, Instance, Screening, Series
from gateway.catalogue.seen import latest_of, looked_with
from gateway.db import reading, transaction
from gateway.projects.keys_patient import KeyRing, Whose
from gateway.release.consents import Asked, Consents, as_of
from gateway.release.deciding import MOVED, Case, Decider, Decision
from gateway.release.errors import BuiltElsewhere
from gateway.release.models import SEALED, ManifestEntry, Release

BAND = 200  # entries
WHAT_MAY_CHANGE = tuple(each.name for each in fields(Decision))
Written = Callable[[Session, int], None]  # given how many entries have changed, in the transaction that changed them


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions rest on that others may change meanwhile."""

    consents: Asked
    screenings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is needed to decide on entries of one release."""

    release_id: str
    decider: Decider
    ring: KeyRing
    consents: Consents

    def settle(self, uids: Collection[str], written: Written) -> int:
        """Decide on these entries and write it down; gives how many have changed. Never inside a transaction."""
        while True:
            with reading() as db:
                entries = self._entries(db, uids)
                instances = [entry.instance_id for entry in entries]
                ground = self._ground(db, instances)
                decided = self._decided(db, entries)
            with transaction() as db:
                if self._ground(db, instances) == ground:
                    return self._write(db, decided, written)

    def release(self, db: Session) -> Release:
        """The release. Raises BuiltElsewhere if it is being built under other policies than this desk's."""
        found = db.get_one(Release, self.release_id)
        if found.state != SEALED and not self.is_under_the_policies_of(found):
            raise BuiltElsewhere
        return found

    def is_under_the_policies_of(self, release: Release) -> bool:
        """Whether its entries were decided on under what this desk decides under."""
        policies = self.decider.plan.sha256, *looked_with(self.decider.rules)
        return (release.deid_sha256, release.pixels_sha256, release.model_sha256) == policies

    def _entries(self, db: Session, uids: Collection[str]) -> Sequence[ManifestEntry]:
        asked = select(ManifestEntry).where(ManifestEntry.release_id == self.release_id, ManifestEntry.uid.in_(uids))
        return db.scalars(asked.order_by(ManifestEntry.position)).all()

    def _ground(self, db: Session, instances: Collection[str]) -> Ground:
        """Index: ix_screening_instance_id_screened_at."""
        screenings = db.scalars(select(Screening.id).where(Screening.instance_id.in_(instances)))
        return Ground(as_of(db, self.consents.now), frozenset(screenings))

    def _decided(self, db: Session, entries: Sequence[ManifestEntry]) -> dict[str, Decision | None]:
        """UID -> what becomes of it. Indexes: pk_instance, pk_patient_key, and those of consents and screenings."""
        study = joinedload(Instance.series).joinedload(Series.study)
        wanted = select(Instance).where(Instance.id.in_([each.instance_id for each in entries])).options(study)
        instances = {each.id: each for each in db.scalars(wanted)}
        sites = {row.id: row.site.code for row in db.scalars(select(Archive))}
        patients = {each.id: _patient(each, sites) for each in instances.values()}
        keys = self.ring.opened(self.ring.wrapped(db, set(patients.values())))
        studies = {each.id: each.series.study_id for each in instances.values() if each.series is not None}
        said = self.consents.refusals(db, {study: patients[instance] for instance, study in studies.items()})
        seen = latest_of(db, list(instances.values()), self.decider.rules)
        decided = dict[str, Decision | None]()
        for entry in entries:
            instance, whose = instances[entry.instance_id], patients[entry.instance_id]
            refusal = said.get(studies.get(instance.id, ""), "")
            case = Case(instance, keys.get(whose), refusal, seen.get(instance.id), entry.uid)
            decided[entry.uid] = self.decider.decide(db, case)
        return decided

    def _write(self, db: Session, decided: dict[str, Decision | None], written: Written) -> int:
        """Those of the entries that are still there, as a forgotten patient's are not; and what they add up to."""
        self.release(db)
        released = withheld = changed = 0
        for entry in self._entries(db, decided):
            decision = decided[entry.uid] or (Decision(reason=MOVED) if entry.undecided else None)
            if decision is None:
                continue
            released += decision.released - entry.released
            withheld += entry.released - decision.released + entry.undecided
            changed += _changed(entry, decision)
        counted = {"released": Release.released + released, "withheld": Release.withheld + withheld}
        if changed:
            db.execute(update(Release).where(Release.id == self.release_id).values(**counted))
            written(db, changed)
        return changed


def unwritten(_db: Session, _changed: int) -> None:
    """Nothing more is written: the building of a release is on the record when it is sealed."""


def _patient(instance: Instance, sites: dict[str, str]) -> Whose:
    return sites[instance.archive_id], instance.series.study.patient_id if instance.series is not None else ""


def _changed(entry: ManifestEntry, decision: Decision) -> bool:
    """Make the entry what was decided; whether that is another."""
    different = [name for name in WHAT_MAY_CHANGE if getattr(decision, name) != getattr(entry, name)]
    for name in different:
        setattr(entry, name, getattr(decision, name))
    decided_first = entry.undecided
    entry.undecided = False
    return bool(different) or decided_first
