"""Annotations: shapes on a slide that a project keeps beside it (GeoJSON, RFC 7946). They never change the slide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, NotFound
from gateway.projects.models import LEAD, Membership
from gateway.release.models import Annotation, Release
from gateway.trail.record import Actor, record

MOST = 5000  # on one slide


class TooManyAnnotations(Conflict):
    """The slide is full."""

    code = "too-many-annotations"
    title = f"A slide can have {MOST:,} annotations at most"


class NoSuchAnnotation(NotFound):
    """Not there, or on another slide."""

    code = "annotation-not-found"
    title = "There is no such annotation on this slide"


class NotYours(Forbidden):
    """Somebody else drew it."""

    code = "annotation-not-yours"
    title = "Only who drew it, or a lead of the project, can remove it"


def annotations_on(db: Session, release_id: str, series_uid: str) -> Sequence[Annotation]:
    """All of a slide, oldest first. Index: ix_annotation_release_id_series_uid."""
    asked = select(Annotation).where(Annotation.release_id == release_id, Annotation.series_uid == series_uid)
    return db.scalars(asked.order_by(Annotation.made_at, Annotation.id)).all()


def annotate(
    db: Session, *, by: Actor, release: Release, series_uid: str, geometry: dict[str, Any], label: str, now: datetime
) -> Annotation:
    """Keep a shape; `geometry` is of GeoJSON, in pixels (x, y) of the largest level. Raises TooManyAnnotations."""
    mine = (Annotation.release_id == release.id, Annotation.series_uid == series_uid)
    if (db.scalar(select(func.count()).where(*mine)) or 0) >= MOST:
        raise TooManyAnnotations
    made = Annotation(
        release_id=release.id, series_uid=series_uid, made_by=by.id, made_at=now, label=label, geometry=geometry
    )
    db.add(made)
    db.flush()
    _record(db, "annotation.made", by, release, made, now)
    return made


def remove_annotation(
    db: Session, *, by: Actor, release: Release, series_uid: str, annotation_id: str, now: datetime
) -> None:
    """Take a shape away. Raises NoSuchAnnotation, NotYours."""
    found = db.get(Annotation, annotation_id)
    if found is None or (found.release_id, found.series_uid) != (release.id, series_uid):
        raise NoSuchAnnotation
    membership = db.get(Membership, (release.project_id, by.id))
    if found.made_by != by.id and (membership is None or membership.role != LEAD):
        raise NotYours
    _record(db, "annotation.removed", by, release, found, now)
    db.delete(found)


def _record(db: Session, action: str, by: Actor, release: Release, what: Annotation, now: datetime) -> None:
    detail = {"release": release.id, "kind": what.geometry["type"]}
    record(db, action=action, actor=by, now=now, project=release.project_id, subject=what.id, detail=detail)
