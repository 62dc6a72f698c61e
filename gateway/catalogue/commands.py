"""What may happen to the catalogue: add a site, an archive, a dataset; note what indexing found."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.archive.connect import ObjectRef
from gateway.catalogue.models import (
    BROKEN,
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
from gateway.catalogue.reading import Broken, Facts
from gateway.consent.duo import read_vocabulary
from gateway.errors import Conflict, Invalid, NotFound
from gateway.settings import current
from gateway.trail.record import Actor, record

OWN_PAGE = "cohort"  # /datasets/cohort is a page of ours
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_OBJECT_FACTS = (
    "header_sha256", "uid", "sop_class", "modality", "transfer_syntax", "burned_in", "label_in_image",
    "instance_number", "rows", "columns", "total_rows", "total_columns", "ground", "frame_count",
)  # fmt: skip


def add_site(db: Session, *, by: Actor, code: str, name: str, now: datetime) -> Site:
    """The site of that code, made if it is new."""
    site = db.scalar(select(Site).where(Site.code == code))
    if site is None:
        if not code or not name:
            raise Invalid("A site needs a code and a name.")
        site = Site(code=code, name=name)
        db.add(site)
        db.flush()
        record(db, action="site.added", actor=by, now=now, subject=site.id, detail={"code": code})
    return site


def add_archive(db: Session, *, by: Actor, name: str, uri: str, site: Site, now: datetime) -> Archive:
    """A new archive of a site. Raises Invalid for a bad name, Conflict for one that is taken."""
    if not _SLUG.fullmatch(name):
        raise Invalid("An archive's name is made of lower-case letters, digits and single hyphens.")
    if db.scalar(select(Archive).where(Archive.name == name)):
        raise Conflict("There is an archive of that name already.")
    archive = Archive(name=name, uri=uri, site=site, added_at=now)
    db.add(archive)
    db.flush()
    record(db, action="archive.added", actor=by, now=now, subject=archive.id, detail={"name": name})
    return archive


def read_again(db: Session, *, by: Actor, archive_id: str, reason: str, now: datetime) -> int:
    """Forget the versions of objects that could not be read for this reason, so that the next indexing tries again.

    Gives their number. Raises NotFound if there are none.
    """
    here = (Instance.archive_id == archive_id, Instance.state == BROKEN, Instance.reason == reason)
    found = list(db.scalars(select(Instance).where(*here)))
    if not found:
        raise NotFound("No object of that archive waits for that reason.")
    for each in found:
        each.version = ""
    record(db, action="archive.retried", actor=by, now=now, subject=archive_id, detail={"objects": len(found)})
    return len(found)


def note_objects(db: Session, *, archive: Archive, found: Sequence[tuple[ObjectRef, Facts | Broken]]) -> int:
    """Write what was found in one batch of objects, in place of what was known of them; gives how many are broken.

    An object with another header than before is another instance: releases that hold the old one do not get the new.
    """
    locators = [ref.locator for ref, _ in found]
    here = (Instance.archive_id == archive.id, Instance.locator.in_(locators))
    known = {each.locator: each for each in db.scalars(select(Instance).where(*here))}
    for each in known.values():  # they are told anew, so they no longer speak for their studies
        each.state, each.series_id = BROKEN, None
    db.flush()
    broken = 0
    for ref, facts in found:
        instance = _row(db, archive, ref, facts, known.get(ref.locator))
        if isinstance(facts, Broken):
            instance.reason = facts.reason
        elif _is_there_twice(db, archive, facts):
            instance.reason = SAME_UID
        elif (series := _series(db, archive, facts)) is None:
            instance.reason = TWO_PATIENTS
        else:
            _describe(db, instance, facts, series)
        broken += instance.state == BROKEN
        db.flush()
    return broken


def _row(db: Session, archive: Archive, ref: ObjectRef, facts: Facts | Broken, known: Instance | None) -> Instance:
    """The row of an object, broken until it is described: the known one, unless it was of another header."""
    if known is not None and isinstance(facts, Facts) and known.header_sha256:
        before = (known.header_sha256, known.size, known.frame_count)
        if before != (facts.header_sha256, facts.size, facts.frame_count):
            _leave(db, known)
            known.locator = f"%{known.id}"  # no object's: in theirs, two digits follow a %
            db.flush()
            known = None
    instance = known or Instance(archive_id=archive.id, locator=ref.locator)
    instance.state, instance.version = BROKEN, ref.version
    instance.size = facts.size if isinstance(facts, Facts) else max(0, ref.size)
    db.add(instance)
    return instance


def _leave(db: Session, instance: Instance) -> None:
    instance.state, instance.series_id, instance.reason = GONE, None, "the object is no longer in the archive"
    db.execute(delete(FrameTable).where(FrameTable.instance_id == instance.id))


def _is_there_twice(db: Session, archive: Archive, facts: Facts) -> bool:
    """Whether the site has another good object of the same SOP instance UID, such as a copy. Index: ix_instance_uid."""
    others = select(Instance.id).join(Archive, Archive.id == Instance.archive_id)
    same = (Instance.uid == facts.uid, Instance.state == INDEXED, Archive.site_id == archive.site_id)
    return db.scalar(others.where(*same).limit(1)) is not None


def _describe(db: Session, instance: Instance, facts: Facts, series: Series) -> None:
    instance.state, instance.reason, instance.series_id = INDEXED, "", series.id
    instance.image_type = list(facts.image_type)
    for name in _OBJECT_FACTS:
        setattr(instance, name, getattr(facts, name))
    db.flush()
    db.merge(FrameTable(instance_id=instance.id, packed=facts.frame_index))


def _speaks(db: Session, study: Study) -> bool:
    """Whether any good object is left that says whose study this is."""
    left = select(Instance.id).join(Series, Series.id == Instance.series_id)
    return db.scalar(left.where(Series.study_id == study.id, Instance.state == INDEXED).limit(1)) is not None


def _series(db: Session, archive: Archive, facts: Facts) -> Series | None:
    """The series of an object, made if it is new; None if its study belongs to another patient."""
    study = db.scalar(select(Study).where(Study.archive_id == archive.id, Study.uid == facts.study_uid))
    if study is None:
        study = Study(archive_id=archive.id, uid=facts.study_uid, patient_id=facts.patient_id)
        db.add(study)
        db.flush()
    elif study.patient_id != facts.patient_id:
        if _speaks(db, study):
            return None
        study.patient_id = facts.patient_id
    series = db.scalar(select(Series).where(Series.study_id == study.id, Series.uid == facts.series_uid))
    if series is None:
        series = Series(study_id=study.id, uid=facts.series_uid, modality=facts.modality)
        db.add(series)
    series.body_part, series.stain = series.body_part or facts.body_part, series.stain or facts.stain
    db.flush()
    return series


def finish_index(
    db: Session, *, by: Actor, archive: Archive, seen: Collection[str], counts: Mapping[str, int], now: datetime
) -> int:
    """Mark the objects that are no longer there, record the run; gives how many are gone."""
    present = set(seen)
    gone = [
        each
        for each in db.scalars(select(Instance).where(Instance.archive_id == archive.id, Instance.state != GONE))
        if each.locator not in present
    ]
    for each in gone:
        _leave(db, each)
    detail = {**counts, "gone": len(gone)}
    record(db, action="archive.indexed", actor=by, now=now, subject=archive.id, detail=detail)
    return len(gone)


def add_dataset(
    db: Session,
    *,
    by: Actor,
    slug: str,
    title: str,
    summary: str,
    archive: Archive,
    now: datetime,
    terms: Sequence[str] = (),
    deid_policy: str = "",
    modality: str = "",
    body_part: str = "",
) -> Dataset:
    """A dataset of all studies of an archive, or of those with a series of that modality and body part.

    Raises Invalid, Conflict for a name that is taken, BadTerm for what is no term of data use.
    """
    if not _SLUG.fullmatch(slug):
        raise Invalid("A dataset's short name is made of lower-case letters, digits and single hyphens.")
    if slug == OWN_PAGE or db.scalar(select(Dataset).where(Dataset.slug == slug)):
        raise Conflict("There is a dataset of that name already.")
    chosen = select(Study.id).where(Study.archive_id == archive.id)
    if modality or body_part:
        chosen = chosen.join(Series, Series.study_id == Study.id).distinct()
    if modality:
        chosen = chosen.where(Series.modality == modality)
    if body_part:
        chosen = chosen.where(Series.body_part == body_part)
    studies = list(db.scalars(chosen))
    if not studies:
        raise Invalid("No study of the archive fits: index it first, or choose otherwise.")
    carried = [str(each) for each in read_vocabulary(current().policies_dir).terms(terms)]
    dataset = Dataset(
        slug=slug, title=title, summary=summary, archive=archive, site=archive.site,
        terms=carried, deid_policy=deid_policy, added_at=now,
    )  # fmt: skip
    db.add(dataset)
    db.flush()
    db.add_all(DatasetStudy(dataset_id=dataset.id, study_id=study) for study in studies)
    detail = {"slug": slug, "studies": len(studies)}
    record(db, action="dataset.added", actor=by, now=now, subject=dataset.id, detail=detail)
    return dataset
