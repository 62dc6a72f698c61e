"""What follows from a decision: the pixels without the boxes, written as a screening of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.catalogue.contents import copies_of
from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.screening import BLACKLISTED, blacklisted, device_verdict, headers_of, known_on
from gateway.catalogue.seen import facts_of, is_slide, latest, levels_of, write
from gateway.db import reading, transaction
from gateway.dicom.header import Header
from gateway.errors import SlidegateError
from gateway.jobs.queue import enqueue
from gateway.pixels.boxes import Box
from gateway.pixels.findings import DEVICE, DRAWN
from gateway.pixels.levels import Mark
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import CLEAN, REDACTED, WITHHELD, Screened, redact_slide, taken_out, tidied
from gateway.pixels.source import frames_of, level_of, pixel_facts
from gateway.screening.commands import ACCEPT, REDACT
from gateway.screening.models import Opinion
from gateway.settings import current
from gateway.trail.record import SYSTEM

BY_PEOPLE = "People have looked at this image and withheld it."


@dataclass(frozen=True, slots=True)
class _Case:
    """A settled opinion, and what is decided by it: the levels of a slide, one of them drawn on, or one image."""

    decision: str
    boxes: tuple[Box, ...]
    instances: tuple[Instance, ...]
    drawn_on: int
    people: int
    rules: PixelRules
    irreversible: str


def settle(opinion_id: str, *, now: datetime) -> None:
    """Carry out a decision, then have the releases that hold the images look at them again. Harmless twice."""
    case = _case(opinion_id)
    if case is None:
        return
    outcomes = _outcomes(case)
    with transaction() as db:
        drawn_on = db.get_one(Instance, case.instances[case.drawn_on].id)
        if not _open(db.get_one(Opinion, opinion_id), drawn_on, case.rules, db):
            return
        reason = BY_PEOPLE if case.decision not in (ACCEPT, REDACT) else ""
        changed = list[str]()
        for instance, outcome in zip(case.instances, outcomes, strict=True):
            for each, content in _with_copies(db, instance, case.rules):
                write(
                    db,
                    each,
                    outcome,
                    case.rules,
                    by=SYSTEM,
                    now=now,
                    reason=reason,
                    people=case.people,
                    content=content,
                )
                changed.append(each.id)
        enqueue(db, kind="release.refresh", payload={"instances": changed}, now=now)


def _with_copies(db: Session, instance: Instance, rules: PixelRules) -> list[tuple[Instance, str]]:
    """The instance and its copies, of which the same is decided, with the digest of what was seen."""
    seen = latest(db, instance, rules)
    if seen is None:
        return [(instance, "")]
    return [(each, seen.content_sha256) for each in (instance, *copies_of(db, seen, rules))]


def _case(opinion_id: str) -> _Case | None:
    rules = load_rules(current().policies_dir)
    with reading() as db:
        opinion = db.get(Opinion, opinion_id)
        if opinion is None or not opinion.settles:
            return None
        screening = db.get_one(Screening, opinion.screening_id)
        instance = db.get_one(Instance, screening.instance_id)
        if not _open(opinion, instance, rules, db):
            return None
        verdict = rules.verdict(facts_of(instance))
        boxes = tuple(Box(*each) for each in opinion.boxes)
        levels = tuple(levels_of(db, instance))
        drawn_on = [each.id for each in levels].index(instance.id)
        return _Case(opinion.decision, boxes, levels, drawn_on, verdict.people, rules, verdict.irreversible)


def _open(opinion: Opinion, instance: Instance, rules: PixelRules, db: Session) -> bool:
    """Whether the screening that the opinion is on still counts."""
    found = latest(db, instance, rules)
    return found is not None and found.id == opinion.screening_id


def _outcomes(case: _Case) -> Sequence[Screened | SlidegateError]:
    """One for each image; what cannot be redacted as decided stays withheld, and says so."""
    if case.decision not in (ACCEPT, REDACT):
        return [Screened(WITHHELD)] * len(case.instances)
    try:
        with headers_of(case.instances) as headers:
            if any(blacklisted(each, case.rules) for each in headers):
                return [BLACKLISTED] * len(headers)
            if not is_slide(case.instances[0]):
                return [_image(case, headers[0])]
            levels = [level_of(each, case.irreversible) for each in headers]
            return redact_slide(levels, case.drawn_on, case.boxes, known_on(levels, headers, case.rules))
    except SlidegateError as error:
        return [error] * len(case.instances)


def _image(case: _Case, header: Header) -> Screened:
    """An image that is no slide, without what was drawn, and without what its device is known to write."""
    (frames, count), facts = frames_of(header), pixel_facts(header, case.irreversible)
    known = tuple((DEVICE, box) for box in device_verdict(header, case.rules).boxes)
    gone = (*known, *((DRAWN, box) for box in case.boxes))
    if not gone:
        return tidied(Screened(CLEAN), frames, count, facts)
    marks = tuple(Mark(number, kind, box) for number in range(count) for kind, box in gone)
    without = Screened(REDACTED, marks, taken_out(frames, count, facts, [box for _kind, box in gone]))
    return tidied(without, frames, count, facts)
