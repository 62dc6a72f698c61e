"""What is asked of the catalogue. Each query names the index that it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session, joinedload

from gateway.catalogue.models import (
    GONE,
    INDEXED,
    SAME_UID,
    TWO_PATIENTS,
    Archive,
    Dataset,
    DatasetStudy,
    FrameTable,
    Instance,
    Series,
    Site,
    Study,
)
from gateway.catalogue.words import each_once, modality_in_words, stain_in_words
from gateway.dicom.frames.index import FrameIndex
from gateway.errors import NotFound
from gateway.paging import Page, page_of


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a dataset holds, and of what kind: for those who keep it. Strangers are told less (`offers`)."""

    patients: int
    studies: int
    slides: int
    instances: int
    modalities: tuple[str, ...]
    stains: tuple[str, ...]
    body_parts: tuple[str, ...]


def archive(db: Session, name: str) -> Archive:
    """The archive of that name. Raises NotFound. Index: uq_archive_name."""
    found = db.scalar(select(Archive).where(Archive.name == name))
    if found is None:
        raise NotFound(f"there is no archive named {name!r}")
    return found


def archives(db: Session) -> list[Archive]:
    """All archives, by name."""
    return list(db.scalars(select(Archive).order_by(Archive.name)))


def sites(db: Session) -> list[Site]:
    """The sites that hold archives, by name."""
    return list(db.scalars(select(Site).order_by(Site.name)))


def page_of_sites(db: Session, page: int) -> Page[Site]:
    """A page of the sites, by name."""
    return page_of(db, select(Site).order_by(Site.name, Site.id), page)


def site_of_code(db: Session, code: str) -> Site:
    """The site of that code. Raises NotFound. Index: uq_site_code."""
    found = db.scalar(select(Site).where(Site.code == code))
    if found is None:
        raise NotFound("there is no site of that code")
    return found


def datasets(db: Session) -> list[Dataset]:
    """All datasets, by title."""
    return list(db.scalars(select(Dataset).order_by(Dataset.title)))


def page_of_datasets(db: Session, page: int) -> Page[Dataset]:
    """A page of the datasets, by title."""
    asked = select(Dataset).options(joinedload(Dataset.site)).order_by(Dataset.title, Dataset.id)
    return page_of(db, asked, page)


def dataset(db: Session, slug: str) -> Dataset:
    """The dataset of that short name. Raises NotFound. Index: uq_dataset_slug."""
    found = db.scalar(select(Dataset).where(Dataset.slug == slug))
    if found is None:
        raise NotFound("There is no such dataset.")
    return found


def counts(db: Session, dataset_ids: Collection[str]) -> dict[str, Counts]:
    """What some datasets hold, by their ids. Indexes: pk_dataset_study, ix_instance_series_id."""
    here = DatasetStudy.dataset_id.in_(dataset_ids), Instance.state == INDEXED
    joined = (
        select(
            DatasetStudy.dataset_id,
            func.count(distinct(Study.patient_id)),
            func.count(distinct(Study.id)),
            func.count(distinct(case((Series.modality == "SM", Series.id)))),
            func.count(distinct(Instance.id)),
        )
        .join(DatasetStudy, DatasetStudy.study_id == Study.id)
        .join(Series, Series.study_id == Study.id)
        .join(Instance, Instance.series_id == Series.id)
        .where(*here)
        .group_by(DatasetStudy.dataset_id)
    )
    numbers = {row[0]: row[1:] for row in db.execute(joined)}
    kinds = db.execute(
        select(DatasetStudy.dataset_id, Series.modality, Series.stain, Series.body_part)
        .join(DatasetStudy, DatasetStudy.study_id == Series.study_id)
        .join(Instance, Instance.series_id == Series.id)
        .where(*here)
        .distinct()
    ).all()
    found = {}
    for each in dataset_ids:
        mine = [row for row in kinds if row.dataset_id == each]
        found[each] = Counts(
            *numbers.get(each, (0, 0, 0, 0)),
            modalities=each_once(modality_in_words(row.modality) for row in mine),
            stains=each_once(stain_in_words(row.stain) for row in mine),
            body_parts=each_once(row.body_part for row in mine),
        )
    return found


@dataclass(frozen=True, slots=True)
class Members:
    """Whom and what a dataset counts, by keys that never leave the gateway."""

    patients: frozenset[str]
    studies: frozenset[str]
    slides: frozenset[str]


def members(db: Session, datasets: Collection[Dataset]) -> dict[str, Members]:
    """The patients (by site and number), studies and slides of these datasets, by id.

    Indexes: pk_dataset_study, ix_instance_series_id.
    """
    held = select(Instance.id).where(Instance.series_id == Series.id, Instance.state == INDEXED).exists()
    rows = db.execute(
        select(DatasetStudy.dataset_id, Study.patient_id, Study.id, Series.id, Series.modality)
        .join(Study, Study.id == DatasetStudy.study_id)
        .join(Series, Series.study_id == Study.id)
        .where(DatasetStudy.dataset_id.in_([each.id for each in datasets]), held)
    ).all()
    by_dataset: dict[str, list[tuple[str, str, str, str]]] = {each.id: [] for each in datasets}
    for dataset_id, *row in rows:
        by_dataset[dataset_id].append((row[0], row[1], row[2], row[3]))
    return {each.id: _members(each.site.code, by_dataset[each.id]) for each in datasets}


def _members(site: str, rows: Collection[tuple[str, str, str, str]]) -> Members:
    return Members(
        patients=frozenset(f"{site}\0{patient}" for patient, *_ in rows),
        studies=frozenset(study for _, study, *_ in rows),
        slides=frozenset(series for *_, series, modality in rows if modality == "SM"),
    )


def patients_in(db: Session, dataset_id: str) -> list[str]:
    """The patient IDs of a dataset, which never leave the gateway. Index: pk_dataset_study."""
    asked = select(Study.patient_id).join(DatasetStudy, DatasetStudy.study_id == Study.id)
    return list(db.scalars(asked.where(DatasetStudy.dataset_id == dataset_id).distinct()))


def instances_in(db: Session, dataset_ids: Collection[str]) -> Iterator[Instance]:
    """Every good instance of some datasets, each once, series and study with it, in a stable order."""
    studies = select(DatasetStudy.study_id).where(DatasetStudy.dataset_id.in_(dataset_ids))
    yield from db.scalars(
        select(Instance)
        .join(Series, Series.id == Instance.series_id)
        .where(Series.study_id.in_(studies), Instance.state == INDEXED)
        .options(joinedload(Instance.series).joinedload(Series.study))
        .order_by(Series.study_id, Instance.series_id, Instance.instance_number, Instance.id)
        .execution_options(yield_per=1000)
    )


def instance(db: Session, instance_id: str) -> Instance:
    """One instance. Raises NotFound. Index: pk_instance."""
    found = db.get(Instance, instance_id)
    if found is None:
        raise NotFound("There is no such instance.")
    return found


def frame_index(db: Session, instance_id: str) -> FrameIndex:
    """Where an instance's frames lie. Raises NotFound. Index: pk_frame_table."""
    packed = db.scalar(select(FrameTable.packed).where(FrameTable.instance_id == instance_id))
    if packed is None:
        raise NotFound("There is no frame index of this instance.")
    return FrameIndex.unpack(packed)


def versions(db: Session, archive_id: str) -> dict[str, str]:
    """locator -> version of all that is known of an archive and need not be read again while it is the same.

    What is broken because of another object is read again, as that one may be gone by now.
    """
    settled = (
        Instance.archive_id == archive_id,
        Instance.state != GONE,
        Instance.reason.not_in((TWO_PATIENTS, SAME_UID)),
    )
    rows = db.execute(select(Instance.locator, Instance.version).where(*settled))
    return {row.locator: row.version for row in rows}
