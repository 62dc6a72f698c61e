"""Screening what datasets hold: outside of any transaction, one slide or image after another, each written at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.queries import instances_in
from gateway.catalogue.seen import FAILED, WSI, facts_of, latest, write
from gateway.catalogue.sources import open_source
from gateway.db import reading, transaction
from gateway.dicom.header import Header, read_header
from gateway.errors import SlidegateError
from gateway.pixels.detect.apart import ReaderGone, reader_apart
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import Eyes, Screened, screen, screen_slide
from gateway.pixels.source import frames_of, level_of, pixel_facts
from gateway.settings import current
from gateway.trail.record import Actor

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Group:
    """What is looked at together: the levels of one slide, or one other image."""

    instances: tuple[Instance, ...]
    slide: bool


def screen_datasets(
    dataset_ids: Sequence[str],
    *,
    by: Actor,
    now: datetime,
    eyes: Eyes | None = None,
    progress: Progress | None = None,
    again: bool = False,
) -> Counter[str]:
    """Look at whatever in these datasets the rules want looked at and nobody has yet; gives how many of each state.

    `again` looks once more at what could not be looked at before. Never call it inside a transaction. What fails is
    written as failed, so that it stays withheld; a reader that crashes raises ReaderGone, and the next call goes on
    after what was done.
    """
    rules = load_rules(current().policies_dir)
    with reading() as db:
        groups = list(_groups(db, dataset_ids, rules, again))
    done = Counter[str]()
    with ExitStack() as stack:
        for number, group in enumerate(groups):
            eyes = eyes or stack.enter_context(reader_apart())
            outcomes = _looked_at(group, eyes)
            with transaction() as db:
                for instance, outcome in zip(group.instances, outcomes, strict=True):
                    done[write(db, instance, outcome, rules, by=by, now=now).state] += 1
            if progress:
                progress(number + 1, len(groups))
    return done


def _groups(db: Session, dataset_ids: Sequence[str], rules: PixelRules, again: bool) -> Iterator[_Group]:
    slides: dict[str, list[Instance]] = {}
    for instance in instances_in(db, dataset_ids):
        if not rules.verdict(facts_of(instance)).screened:
            continue
        if instance.sop_class == WSI and instance.series_id is not None:
            slides.setdefault(instance.series_id, []).append(instance)
        elif _waits(latest(db, instance, rules), again):
            yield _Group((instance,), slide=False)
    for levels in slides.values():
        if any(_waits(latest(db, each, rules), again) for each in levels):
            yield _Group(tuple(levels), slide=True)


def _waits(found: Screening | None, again: bool) -> bool:
    return found is None or (again and found.state == FAILED)


def _looked_at(group: _Group, eyes: Eyes) -> Sequence[Screened | SlidegateError]:
    """What was seen, or why it could not be seen, of each instance of a group. Raises ReaderGone."""
    try:
        with headers_of(group.instances) as headers:
            if group.slide:
                return screen_slide([level_of(each) for each in headers], eyes)
            return [screen(*frames_of(headers[0]), pixel_facts(headers[0]), eyes)]
    except ReaderGone:
        raise
    except SlidegateError as error:
        return [error] * len(group.instances)


@contextmanager
def headers_of(instances: Sequence[Instance]) -> Iterator[list[Header]]:
    """The headers of instances, their sources open until the block ends. Raises ArchiveError, DicomError."""
    with ExitStack() as stack:
        headers = []
        for instance in instances:
            with reading() as db:
                source = open_source(db, instance)
            stack.callback(source.close)
            headers.append(read_header(source))
        yield headers
