"""What waits for people, and what has been seen so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.catalogue.models import INDEXED, Archive, Instance, Screening
from gateway.catalogue.seen import FAILED, facts_of, is_slide, newest, pyramids_of
from gateway.errors import NotFound
from gateway.pixels.levels import looked_at
from gateway.pixels.rules import PixelRules
from gateway.pixels.screen import REVIEW
from gateway.screening.models import Opinion

MOST, SHOWN = 500, 50  # pictures in the queue, and decisions, that are shown; the rest come up as these are done


class NoSuchScreening(NotFound):
    """No screening has this id."""

    code = "no-such-screening"
    title = "There is no such picture"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A picture that waits: a whole slide, or one other image."""

    id: str
    instance_id: str
    kind: str
    modality: str
    site: str
    state: str
    reason: str
    opinions: int
    people: int
    since: datetime
    ready: bool  # decided, and being carried out


@dataclass(frozen=True, slots=True)
class Decided:
    """What people decided on a picture."""

    state: str
    modality: str
    people: int
    at: datetime


def screening(db: Session, screening_id: str) -> Screening:
    """One screening. Raises NoSuchScreening."""
    found = db.get(Screening, screening_id)
    if found is None:
        raise NoSuchScreening
    return found


def waiting(db: Session, rules: PixelRules) -> list[Waiting]:
    """The queue, oldest first: of a slide the level that was looked at stands for all, of copies the first.

    Index: ix_screening_state.
    """
    rows = db.execute(
        select(Screening, Instance, Archive)
        .join(Instance, Instance.id == Screening.instance_id)
        .join(Archive, Archive.id == Instance.archive_id)
        .where(newest(rules, (REVIEW, FAILED)), Instance.version == Screening.version, Instance.state == INDEXED)
        .order_by(Screening.screened_at, Screening.id)
    )
    found = [(seen, instance, archive) for seen, instance, archive in rows]
    slides: dict[str, list[tuple[Screening, Instance, Archive]]] = {}
    whole = _wholes([instance for _seen, instance, _archive in found])
    for each in found:
        slides.setdefault(whole[each[1].id], []).append(each)
    shown: dict[str, tuple[Screening, Instance, Archive]] = {}
    for each in map(_shown, slides.values()):
        shown.setdefault(each[0].content_sha256 or each[0].id, each)
    return list(_told(db, rules, list(shown.values())[:MOST]))


def _wholes(images: Sequence[Instance]) -> dict[str, str]:
    """By the id of each image one that is the same for all levels of a slide, which are decided on together."""
    alone = {each.id: each.id for each in images}
    slides = pyramids_of([each for each in images if is_slide(each)])
    return alone | {level.id: levels[0].id for levels in slides for level in levels}


def _shown(levels: list[tuple[Screening, Instance, Archive]]) -> tuple[Screening, Instance, Archive]:
    """The level that the machine looked at, and people draw on."""
    return levels[looked_at([(each.total_columns, each.total_rows) for _seen, each, _archive in levels])]


def _told(db: Session, rules: PixelRules, rows: list[tuple[Screening, Instance, Archive]]) -> Iterator[Waiting]:
    for seen, instance, archive in rows:
        said = opinions_on(db, seen.id)
        yield Waiting(
            id=seen.id,
            instance_id=instance.id,
            kind="slide" if is_slide(instance) else "image",
            modality=instance.modality,
            site=archive.site.name,
            state=seen.state,
            reason=seen.reason,
            opinions=len({each.account_id for each in said}),
            people=rules.verdict(facts_of(instance)).people,
            since=seen.screened_at,
            ready=any(each.settles for each in said),
        )


def counts(db: Session, rules: PixelRules) -> dict[str, int]:
    """How many instances are in each state now."""
    rows = db.execute(select(Screening.state, func.count()).where(newest(rules)).group_by(Screening.state))
    return {row[0]: row[1] for row in rows}


def decided(db: Session, rules: PixelRules) -> list[Decided]:
    """The newest decisions of people, newest first; of a slide one."""
    rows = db.execute(
        select(Screening, Instance)
        .join(Instance, Instance.id == Screening.instance_id)
        .where(newest(rules, ("clean", "redacted", "withheld")), Screening.people > 0)
        .order_by(Screening.screened_at.desc(), Screening.id)
        .limit(MOST)
    )
    found = [(seen, instance) for seen, instance in rows]
    whole = _wholes([instance for _seen, instance in found])
    once: dict[str, Decided] = {}
    for seen, instance in found:
        once.setdefault(whole[instance.id], Decided(seen.state, instance.modality, seen.people, seen.screened_at))
    return list(once.values())[:SHOWN]


def agreeing(db: Session, opinion: Opinion) -> set[str]:
    """The accounts whose last word on the picture is the same as this one."""
    last = {each.account_id: each for each in opinions_on(db, opinion.screening_id)}
    last[opinion.account_id] = opinion
    return {who for who, each in last.items() if (each.decision, each.boxes) == (opinion.decision, opinion.boxes)}


def opinions_on(db: Session, screening_id: str) -> Sequence[Opinion]:
    """All that was said of it, in order. Index: ix_screening_opinion_screening_id."""
    said = select(Opinion).where(Opinion.screening_id == screening_id)
    return db.scalars(said.order_by(Opinion.given_at, Opinion.id)).all()
