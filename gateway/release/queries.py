"""What is asked of releases and manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from gateway.catalogue.models import Archive, Instance, Series, Site, Study
from gateway.errors import NotFound
from gateway.projects.models import Grant
from gateway.release.models import ManifestEntry, Reidentification, Release


@dataclass(frozen=True, slots=True)
class Place:
    """A study, series or instance of a release; an empty level is not asked for."""

    study: str = ""
    series: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class ClearPatient:
    """A patient as the archive knows them: never leaves the gateway."""

    site: str
    patient_id: str


def patient_of(db: Session, instance_id: str) -> ClearPatient:
    """Whose instance it is. Raises NotFound. Indexes: pk_instance, pk_series, pk_study."""
    asked = (
        select(Site.code, Study.patient_id)
        .join(Archive, Archive.site_id == Site.id)
        .join(Instance, Instance.archive_id == Archive.id)
        .join(Series, Series.id == Instance.series_id)
        .join(Study, Study.id == Series.study_id)
        .where(Instance.id == instance_id)
    )
    found = db.execute(asked).one_or_none()
    if found is None:
        raise NotFound("There is no such instance.")
    return ClearPatient(*found)


def patient_is_known(db: Session, patient: ClearPatient) -> bool:
    """Whether a site's archives have a study of this patient. Index: ix_study_patient_id."""
    asked = (
        select(Study.id)
        .join(Archive, Archive.id == Study.archive_id)
        .join(Site, Site.id == Archive.site_id)
        .where(Site.code == patient.site, Study.patient_id == patient.patient_id.strip())
    )
    return db.scalar(asked.limit(1)) is not None


def patients_released_to(db: Session, project_id: str) -> Sequence[ClearPatient]:
    """Each patient of whom the project's releases show something. Indexes: ix_data_release_project_id and keys."""
    asked = (
        select(Site.code, Study.patient_id)
        .join(Archive, Archive.site_id == Site.id)
        .join(Instance, Instance.archive_id == Archive.id)
        .join(Series, Series.id == Instance.series_id)
        .join(Study, Study.id == Series.study_id)
        .join(ManifestEntry, ManifestEntry.instance_id == Instance.id)
        .join(Release, Release.id == ManifestEntry.release_id)
        .where(Release.project_id == project_id, ManifestEntry.released)
        .distinct()
    )
    return [ClearPatient(*row) for row in db.execute(asked)]


def release(db: Session, release_id: str) -> Release | None:
    """One release. Index: pk_data_release."""
    return db.get(Release, release_id)


def grant_named(db: Session, grant_id: str) -> Grant:
    """One grant. Raises NotFound. Index: pk_access_grant."""
    found = db.get(Grant, grant_id)
    if found is None:
        raise NotFound("There is no such grant.")
    return found


def releases(db: Session) -> Sequence[Release]:
    """All releases, newest first."""
    return db.scalars(select(Release).order_by(Release.built_at.desc(), Release.id)).all()


def release_of_grant(db: Session, grant_id: str) -> Release | None:
    """The release of a grant. Index: uq_data_release_grant_id."""
    return db.scalar(select(Release).where(Release.grant_id == grant_id))


def releases_of_projects(db: Session, project_ids: Sequence[str]) -> Sequence[Release]:
    """Releases of some projects, newest first. Index: ix_data_release_project_id."""
    return db.scalars(
        select(Release).where(Release.project_id.in_(project_ids)).order_by(Release.built_at.desc(), Release.id)
    ).all()


def _below(release_id: str, place: Place | None) -> Select[ManifestEntry]:
    asked = select(ManifestEntry).where(ManifestEntry.release_id == release_id, ManifestEntry.released)
    place = place or Place()
    if place.study:
        asked = asked.where(ManifestEntry.study_uid == place.study)
    if place.series:
        asked = asked.where(ManifestEntry.series_uid == place.series)
    if place.instance:
        asked = asked.where(ManifestEntry.uid == place.instance)
    return asked.order_by(ManifestEntry.position)


def entries(db: Session, release_id: str, place: Place | None = None) -> Sequence[ManifestEntry]:
    """Released instances below a place, in order. Indexes: primary key, ix_manifest_entry_release_id_series_uid."""
    return db.scalars(_below(release_id, place)).all()


def entries_after(db: Session, release_id: str, place: Place, position: int, most: int) -> Sequence[ManifestEntry]:
    """The next so many below a place, without their facts. Index: ix_manifest_entry_release_id_position."""
    asked = _below(release_id, place).where(ManifestEntry.position > position).limit(most)
    return db.scalars(asked.options(defer(ManifestEntry.facts, raiseload=True))).all()


def whole_manifest(db: Session, release_id: str) -> Sequence[ManifestEntry]:
    """All entries, withheld ones too, in order."""
    asked = select(ManifestEntry).where(ManifestEntry.release_id == release_id)
    return db.scalars(asked.order_by(ManifestEntry.position)).all()


def reidentification(db: Session, question_id: str) -> Reidentification:
    """One question. Raises NotFound. Index: pk_reidentification."""
    found = db.get(Reidentification, question_id)
    if found is None:
        raise NotFound("There is no such question.")
    return found


def reidentifications_open(db: Session, now: datetime) -> Sequence[Reidentification]:
    """Questions that wait for a decision or for their answer, oldest first. Index: ix_reidentification_expires_at."""
    asked = select(Reidentification).where(
        Reidentification.expires_at > now,
        Reidentification.refused_at.is_(None),
        Reidentification.answered_at.is_(None),
    )
    return db.scalars(asked.order_by(Reidentification.asked_at)).all()
