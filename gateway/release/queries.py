"""What is asked of releases and manifests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, defer

from gateway.catalogue.models import Archive, Instance, Series, Site, Study
from gateway.catalogue.released import Clear
from gateway.errors import NotFound
from gateway.paging import Page as Listed
from gateway.paging import page_of
from gateway.projects.models import Grant, Membership
from gateway.release.models import SEALED, ManifestEntry, Reidentification, Release

Row = TypeVarTuple("Row")


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
        _with_patients(select(Site.code, Study.patient_id))
        .join(Release, Release.id == ManifestEntry.release_id)
        .where(Release.project_id == project_id, Release.state == SEALED, ManifestEntry.released)
        .distinct()
    )
    return [ClearPatient(*row) for row in db.execute(asked)]


def released_as(clear: Clear) -> Select[str]:
    """The UIDs under which the images of a patient, or of a study by its own or its released UID, went out.

    Those that are withheld by now are among them; a forgotten patient's are not, as nobody can tell them any more.
    Indexes: ix_study_patient_id, ix_study_uid, ix_manifest_entry_instance_id, ix_manifest_entry_study_uid.
    """
    asked = _with_studies(select(ManifestEntry.uid))
    if clear.site:
        asked = asked.where(ManifestEntry.site == clear.site)
    if clear.patient:
        asked = asked.where(Study.patient_id == clear.patient.strip())
    if clear.study:
        its_own = _with_studies(select(ManifestEntry.uid))
        released = select(ManifestEntry.uid).where(ManifestEntry.study_uid == clear.study)
        asked = asked.where(ManifestEntry.uid.in_(its_own.where(Study.uid == clear.study).union(released)))
    return asked


def entries_of_patient(db: Session, release_ids: Sequence[str], patient: ClearPatient) -> Sequence[ManifestEntry]:
    """What some releases hold of a patient, released or withheld. Indexes: ix_study_patient_id and primary keys."""
    theirs = _with_patients(select(ManifestEntry)).where(
        ManifestEntry.release_id.in_(release_ids),
        Site.code == patient.site,
        Study.patient_id == patient.patient_id.strip(),
    )
    return db.scalars(theirs.order_by(ManifestEntry.release_id, ManifestEntry.position)).all()


@dataclass(frozen=True, slots=True)
class OfStudy:
    """A released instance, and the study and patient that it is of."""

    uid: str
    study_id: str
    site: str
    patient_id: str


def released_of_studies(db: Session, release_id: str) -> Iterator[OfStudy]:
    """All released instances of a release, a row at a time. Indexes: pk_manifest_entry and other keys."""
    asked = _with_patients(select(ManifestEntry.uid, Study.id, Site.code, Study.patient_id))
    here = (ManifestEntry.release_id == release_id, ManifestEntry.released)
    for row in db.execute(asked.where(*here).execution_options(yield_per=1000)):
        yield OfStudy(*row)


def _with_patients(asked: Select[*Row]) -> Select[*Row]:
    """Entries of manifests, each with the patient whose image it is."""
    return _with_studies(asked).join(Archive, Archive.id == Instance.archive_id).join(Site, Site.id == Archive.site_id)


def _with_studies(asked: Select[*Row]) -> Select[*Row]:
    """Entries of manifests, each with the study that its image is of."""
    return (
        asked.select_from(ManifestEntry)
        .join(Instance, Instance.id == ManifestEntry.instance_id)
        .join(Series, Series.id == Instance.series_id)
        .join(Study, Study.id == Series.study_id)
    )


@dataclass(frozen=True, slots=True)
class Open:
    """An entry that nobody has decided on yet."""

    uid: str
    position: int


def undecided(db: Session, release_id: str, *, behind: int, most: int) -> list[Open]:
    """The next of them. Index: ix_manifest_entry_undecided."""
    asked = select(ManifestEntry.uid, ManifestEntry.position).where(
        ManifestEntry.release_id == release_id, ManifestEntry.undecided, ManifestEntry.position > behind
    )
    return [Open(*row) for row in db.execute(asked.order_by(ManifestEntry.position).limit(most))]


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


def page_of_releases(db: Session, account_id: str, page: int) -> Listed[Release]:
    """A page of the releases of an account's projects, newest first. Index: ix_data_release_project_id."""
    mine = select(Membership.project_id).where(Membership.account_id == account_id)
    here = select(Release).where(Release.project_id.in_(mine))
    return page_of(db, here.order_by(Release.built_at.desc(), Release.id), page)


def _below(release_id: str, place: Place) -> Select[ManifestEntry]:
    asked = select(ManifestEntry).where(ManifestEntry.release_id == release_id, ManifestEntry.released)
    if place.study:
        asked = asked.where(ManifestEntry.study_uid == place.study)
    if place.series:
        asked = asked.where(ManifestEntry.series_uid == place.series)
    if place.instance:
        asked = asked.where(ManifestEntry.uid == place.instance)
    return asked


def entries(db: Session, release_id: str, place: Place) -> Sequence[ManifestEntry]:
    """Released instances below a place, in order. Indexes: primary key, ix_manifest_entry_release_id_series_uid."""
    return db.scalars(_below(release_id, place).order_by(ManifestEntry.position)).all()


Mark = tuple[str, str, int]
START: Mark = ("", "", -1)


def mark_of(entry: ManifestEntry) -> Mark:
    """Where an entry lies in the order of studies, series and positions."""
    return entry.study_uid, entry.series_uid, entry.position


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what lies below a place, study by study: at most so many behind a mark, the first few left out.

    Only entries in whose facts all of the `texts` stand, somewhere, and `beside` in those of any instance of the
    same study: what can be said before they are read.
    """

    place: Place
    mark: Mark
    most: int
    skip: int = 0
    texts: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def entries_of(db: Session, release_id: str, page: Page) -> Sequence[ManifestEntry]:
    """Released instances of a page. Index: ix_manifest_entry_in_order."""
    return db.scalars(_of(release_id, page)).all()


def bare_entries_of(db: Session, release_id: str, page: Page) -> Sequence[ManifestEntry]:
    """The same without their facts, which are most of an entry."""
    bare = defer(ManifestEntry.facts, raiseload=True)
    return db.scalars(_of(release_id, page).options(bare)).all()


@dataclass(frozen=True, slots=True)
class Member:
    """An instance by its UIDs, its length in bytes, and how it is encoded."""

    study_uid: str
    series_uid: str
    uid: str
    size: int
    transfer_syntax: str


def members(db: Session, release_id: str, place: Place) -> Iterator[Member]:
    """All released instances below a place, a row at a time. Index: ix_manifest_entry_in_order."""
    names = (ManifestEntry.study_uid, ManifestEntry.series_uid, ManifestEntry.uid)
    told = (*names, ManifestEntry.size, ManifestEntry.transfer_syntax)
    asked = _below(release_id, place).with_only_columns(*told).execution_options(yield_per=10_000)
    for row in db.execute(asked):
        yield Member(*row)


def _of(release_id: str, page: Page) -> Select[ManifestEntry]:
    order = (ManifestEntry.study_uid, ManifestEntry.series_uid, ManifestEntry.position)
    asked = _below(release_id, page.place).where(tuple_(*order) > page.mark).order_by(*order)
    for text in page.texts:
        asked = asked.where(cast(ManifestEntry.facts, Text).contains(text, autoescape=True))
    other = aliased(ManifestEntry)
    same_study = (other.release_id == release_id, other.study_uid == ManifestEntry.study_uid)
    for text in page.beside:
        found = select(other.uid).where(*same_study, cast(other.facts, Text).contains(text, autoescape=True))
        asked = asked.where(found.exists())
    return asked.limit(page.most).offset(page.skip)


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


def page_of_reidentifications(db: Session, account_id: str, now: datetime, page: int) -> Listed[Reidentification]:
    """Questions about others' projects that wait for a decision or for their answer, oldest first.

    Indexes: ix_reidentification_expires_at, ix_membership_account_id.
    """
    mine = select(Membership.project_id).where(Membership.account_id == account_id)
    asked = select(Reidentification).where(*_open(now), Reidentification.project_id.not_in(mine))
    return page_of(db, asked.order_by(Reidentification.asked_at, Reidentification.id), page)


def reidentifications_waiting(db: Session, account_id: str, now: datetime) -> int:
    """How many wait for an account: others' to be decided, its own to be answered."""
    own, allowed = Reidentification.asked_by == account_id, Reidentification.allowed_by.is_not(None)
    turn = or_(and_(own, allowed), and_(~own, ~allowed))
    return db.scalar(select(func.count()).select_from(Reidentification).where(*_open(now), turn)) or 0


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Reidentification.expires_at > now,
        Reidentification.refused_at.is_(None),
        Reidentification.answered_at.is_(None),
    )
