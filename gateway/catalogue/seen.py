"""What has been seen in pixels: the newest screening of an instance counts, by machine or by people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from gateway.catalogue.models import INDEXED, Instance, Screening
from gateway.catalogue.patches import keep
from gateway.errors import SlidegateError
from gateway.pixels.boxes import Box
from gateway.pixels.detect.model import model_hash
from gateway.pixels.ground import pyramids
from gateway.pixels.levels import Mark
from gateway.pixels.rules import PixelRules, SlideFacts
from gateway.pixels.screen import CLEAN, REDACTED, REVIEW, WITHHELD, Screened
from gateway.trail.record import Actor, record

WSI = "1.2.840.10008.5.1.4.1.1.77.1.6"
FAILED = "failed"
STATES = (CLEAN, REDACTED, REVIEW, FAILED, WITHHELD)


def facts_of(instance: Instance) -> SlideFacts:
    """What the pixel rules may ask of an instance."""
    return SlideFacts(
        instance.sop_class,
        tuple(instance.image_type),
        instance.modality,
        instance.burned_in,
        instance.label_in_image,
        instance.manufacturer,
        instance.model,
        instance.transfer_syntax,
    )


def latest(db: Session, instance: Instance, rules: PixelRules) -> Screening | None:
    """The instance's screening under these rules and the models of this machine; None if it has none or is stale.

    It is stale too if people have said something since, under others.
    """
    return last_word(db, rules, Screening.instance_id == instance.id, Screening.version == instance.version)


def last_word(db: Session, rules: PixelRules, *which: ColumnElement[bool]) -> Screening | None:
    """The newest of some screenings, if it is under these rules and models; people's count under whatever others."""
    found = db.scalars(
        select(Screening)
        .where(*which, or_(under(rules), Screening.people > 0))
        .order_by(Screening.screened_at.desc(), Screening.people.desc())
        .limit(1)
    ).first()
    return found if found is not None and _names(found) == looked_with(rules) else None


def marks_of(screening: Screening) -> Iterator[Mark]:
    """Where something was found, as `write` wrote it down."""
    for frame, kind, *sides in screening.marks:
        yield Mark(frame, kind, Box(*sides))


def looked_with(rules: PixelRules) -> tuple[str, str]:
    """The hashes of what pixels are looked at with now: of the rules, and of the models of this machine."""
    return rules.sha256, model_hash()


def _names(screening: Screening) -> tuple[str, str]:
    return screening.rules_sha256, screening.model_sha256


def latest_of(db: Session, instances: Collection[Instance], rules: PixelRules) -> dict[str, Screening]:
    """The same of many at once: id of the instance -> its screening. Index: ix_screening_instance_id_screened_at."""
    versions = {each.id: each.version for each in instances}
    rows = db.scalars(
        select(Screening)
        .where(Screening.instance_id.in_(versions), or_(under(rules), Screening.people > 0))
        .order_by(Screening.screened_at, Screening.people)
    )
    last = {row.instance_id: row for row in rows if row.version == versions[row.instance_id]}
    return {instance: row for instance, row in last.items() if _names(row) == looked_with(rules)}


def under(rules: PixelRules) -> ColumnElement[bool]:
    """The condition of a screening under these rules and the models of this machine."""
    rules_sha256, model_sha256 = looked_with(rules)
    return and_(Screening.rules_sha256 == rules_sha256, Screening.model_sha256 == model_sha256)


def newest(rules: PixelRules, states: Iterable[str] = STATES) -> ColumnElement[bool]:
    """The condition of a screening that counts now and is in one of these states. Index: ix_screening_state."""
    later = aliased(Screening)
    same = and_(later.rules_sha256 == Screening.rules_sha256, later.model_sha256 == Screening.model_sha256)
    superseded = exists().where(
        later.instance_id == Screening.instance_id,
        later.version == Screening.version,
        or_(same, later.people > 0),
        or_(
            later.screened_at > Screening.screened_at,
            and_(later.screened_at == Screening.screened_at, later.people > Screening.people),
        ),
    )
    return and_(under(rules), Screening.state.in_(tuple(states)), ~superseded)


def stale(db: Session, rules: PixelRules) -> int:
    """How many instances were looked at, but not under these rules and models."""
    current = select(Screening.instance_id).where(newest(rules))
    return db.scalar(
        select(func.count(Screening.instance_id.distinct()))
        .join(Instance, Instance.id == Screening.instance_id)
        .where(Instance.version == Screening.version, Screening.instance_id.not_in(current))
    ) or 0  # fmt: skip


def is_slide(instance: Instance) -> bool:
    """Whether it is one level of a slide, which is looked at and decided on whole."""
    return instance.sop_class == WSI and instance.series_id is not None and instance.total_rows > 0


def levels_of(db: Session, instance: Instance) -> Sequence[Instance]:
    """The levels of the pyramid that an instance is one of, or the instance alone: what is looked at together."""
    if not is_slide(instance):
        return (instance,)
    here = (Instance.series_id == instance.series_id, Instance.sop_class == WSI, Instance.state == INDEXED)
    found = db.scalars(select(Instance).where(*here).order_by(Instance.id)).all()
    return next(each for each in pyramids_of(found) if instance.id in [level.id for level in each])


def pyramids_of(images: Sequence[Instance]) -> list[list[Instance]]:
    """Images of slides, those of one series, kind and part of the glass together."""
    found = []
    kinds: dict[str, list[Instance]] = {}
    for each in images:
        kinds.setdefault(f"{each.series_id} {each.image_type[2:3]}", []).append(each)
    for kind in kinds.values():
        found += [[kind[number] for number in group] for group in pyramids([each.ground for each in kind])]
    return found


def volumes_beside(db: Session, instance: Instance) -> Sequence[Instance]:
    """The levels of the slide that lie in the same series as its overview."""
    here = (Instance.series_id == instance.series_id, Instance.sop_class == WSI, Instance.state == INDEXED)
    found = db.scalars(select(Instance).where(*here).order_by(Instance.id))
    return [each for each in found if each.image_type[2:3] == ["VOLUME"]]


def write(
    db: Session,
    instance: Instance,
    outcome: Screened | SlidegateError,
    rules: PixelRules,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    people: int = 0,
    content: str = "",
) -> Screening:
    """Write down what was seen in an instance, or why nothing could be; earlier screenings stay as they are."""
    row = Screening(
        instance_id=instance.id,
        version=instance.version,
        content_sha256=content,
        rules_sha256=rules.sha256,
        model_sha256=model_hash(),
        screened_at=now,
        people=people,
        reason=reason,
    )
    frames: Mapping[int, bytes] = {}
    if isinstance(outcome, SlidegateError):
        row.state, row.reason, row.fault, row.marks = FAILED, outcome.message[:200], outcome.code, []
    else:
        row.state, row.rounds, frames = outcome.state, outcome.rounds, outcome.replaced
        row.reason = reason or outcome.reason
        row.marks = [[m.frame, m.kind, m.box.left, m.box.top, m.box.right, m.box.bottom] for m in outcome.marks]
    db.add(row)
    db.flush()
    keep(db, row, frames)
    detail = {
        "screening": row.id,
        "instance": instance.id,
        "state": row.state,
        "marks": len(row.marks),
        "people": people,
    }
    record(db, action="pixels.screened", actor=by, now=now, subject=instance.id, detail=detail)
    return row
