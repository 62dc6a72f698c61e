"""Screening what datasets hold: outside of any transaction, one slide or image after another, each written at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Instance, ScreenedFrames, Screening
from gateway.catalogue.queries import instances_in
from gateway.catalogue.sources import open_source
from gateway.db import reading, transaction
from gateway.dicom.header import Header, read_header
from gateway.dicom.source import ByteSource
from gateway.errors import SlidegateError
from gateway.pixels.detect.apart import ReaderGone, reader_apart
from gateway.pixels.detect.model import model_hash
from gateway.pixels.patch import packed, unpacked
from gateway.pixels.rules import PixelRules, SlideFacts, load_rules
from gateway.pixels.screen import Eyes, Screened, screen, screen_slide
from gateway.pixels.source import frames_of, level_of, pixel_facts
from gateway.settings import current
from gateway.trail.record import Actor, record

WSI = "1.2.840.10008.5.1.4.1.1.77.1.6"
FAILED = "failed"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Group:
    """What is looked at together: the levels of one slide, or one other image."""

    instances: tuple[Instance, ...]
    slide: bool


def facts_of(instance: Instance) -> SlideFacts:
    """What the pixel rules may ask of an instance."""
    return SlideFacts(
        instance.sop_class, tuple(instance.image_type), instance.modality, instance.burned_in, instance.label_in_image
    )


def latest(db: Session, instance: Instance, rules: PixelRules) -> Screening | None:
    """The instance's screening under these rules and the models of this machine; None if it has none or is stale."""
    return db.scalar(
        select(Screening).where(
            Screening.instance_id == instance.id,
            Screening.version == instance.version,
            Screening.rules_sha256 == rules.sha256,
            Screening.model_sha256 == model_hash(),
        )
    )


def replaced_frames(db: Session, screening_id: str) -> dict[int, bytes]:
    """The frames that take the place of the archive's; none where nothing was taken out."""
    found = db.get(ScreenedFrames, screening_id)
    return unpacked(found.packed) if found is not None else {}


def screen_datasets(
    dataset_ids: Sequence[str], *, by: Actor, now: datetime, eyes: Eyes | None = None, progress: Progress | None = None
) -> Counter[str]:
    """Look at whatever in these datasets the rules want looked at and nobody has yet; gives how many of each state.

    Never call it inside a transaction. What fails is written as failed, so that it stays withheld; a reader that
    crashes raises ReaderGone, and the next call goes on after what was done.
    """
    rules = load_rules(current().policies_dir)
    with reading() as db:
        groups = list(_groups(db, dataset_ids, rules))
    done = Counter[str]()
    with ExitStack() as stack:
        for number, group in enumerate(groups):
            eyes = eyes or stack.enter_context(reader_apart())
            outcomes = _looked_at(group, eyes)
            with transaction() as db:
                for instance, outcome in zip(group.instances, outcomes, strict=True):
                    done[_write(db, instance, outcome, rules, by, now)] += 1
            if progress:
                progress(number + 1, len(groups))
    return done


def _groups(db: Session, dataset_ids: Sequence[str], rules: PixelRules) -> Iterator[_Group]:
    slides: dict[str, list[Instance]] = {}
    for instance in instances_in(db, dataset_ids):
        if not rules.verdict(facts_of(instance)).screened:
            continue
        if instance.sop_class == WSI and instance.series_id is not None:
            slides.setdefault(instance.series_id, []).append(instance)
        elif latest(db, instance, rules) is None:
            yield _Group((instance,), slide=False)
    for levels in slides.values():
        if any(latest(db, each, rules) is None for each in levels):
            yield _Group(tuple(levels), slide=True)


def _looked_at(group: _Group, eyes: Eyes) -> Sequence[Screened | SlidegateError]:
    """What was seen, or why it could not be seen, of each instance of a group. Raises ReaderGone."""
    sources: list[ByteSource] = []
    try:
        headers = [_header(each, sources) for each in group.instances]
        if group.slide:
            return screen_slide([level_of(each) for each in headers], eyes)
        return [screen(*frames_of(headers[0]), pixel_facts(headers[0]), eyes)]
    except ReaderGone:
        raise
    except SlidegateError as error:
        return [error] * len(group.instances)
    finally:
        for source in sources:
            source.close()


def _header(instance: Instance, sources: list[ByteSource]) -> Header:
    with reading() as db:
        sources.append(open_source(db, instance))
    return read_header(sources[-1])


def _write(
    db: Session, instance: Instance, outcome: Screened | SlidegateError, rules: PixelRules, by: Actor, now: datetime
) -> str:
    """Write a screening in the place of the one that there is; gives its state."""
    row = latest(db, instance, rules) or Screening(
        instance_id=instance.id, version=instance.version, rules_sha256=rules.sha256, model_sha256=model_hash()
    )
    row.screened_at = now
    if isinstance(outcome, SlidegateError):
        row.state, row.reason, row.marks, row.rounds, frames = FAILED, outcome.message[:200], [], 0, {}
    else:
        row.state, row.reason, row.rounds, frames = outcome.state, "", outcome.rounds, dict(outcome.replaced)
        row.marks = [[m.frame, m.kind, m.box.left, m.box.top, m.box.right, m.box.bottom] for m in outcome.marks]
    db.add(row)
    db.flush()
    _keep(db, row.id, frames)
    detail = {"screening": row.id, "instance": instance.id, "state": row.state, "marks": len(row.marks)}
    record(db, action="pixels.screened", actor=by, now=now, subject=instance.id, detail=detail)
    return row.state


def _keep(db: Session, screening_id: str, replaced: Mapping[int, bytes]) -> None:
    there = db.get(ScreenedFrames, screening_id)
    if there is not None:
        db.delete(there)
        db.flush()
    if replaced:
        db.add(ScreenedFrames(screening_id=screening_id, packed=packed(replaced)))
