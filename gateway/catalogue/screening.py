"""Screening what datasets hold: outside of any transaction, one slide or image after another, each written at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.catalogue.contents import as_seen, contents_of, seen_before
from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.queries import instances_in
from gateway.catalogue.retrying import is_due
from gateway.catalogue.seen import FAILED, WSI, facts_of, latest, pyramids_of, volumes_beside, write
from gateway.catalogue.sources import open_source
from gateway.catalogue.standing import Standing, standing, word_on
from gateway.db import reading, transaction
from gateway.dicom.header import Header, read_header
from gateway.errors import Conflict, SlidegateError, Withheld
from gateway.pixels.boxes import Box
from gateway.pixels.detect.apart import ReaderGone, reader_apart
from gateway.pixels.devices import BLACKLIST, DeviceVerdict, verdict
from gateway.pixels.levels import Level
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import CLEAN, WITHHELD, Eyes, Screened, screen, screen_slide
from gateway.pixels.source import frames_of, level_of, pixel_facts
from gateway.pixels.tissue import screen_overview
from gateway.settings import current
from gateway.trail.record import Actor

Progress = Callable[[int, int], None]
ATTEMPTS = 2  # readers that may die of one group
BLACKLISTED = Screened(WITHHELD, reason="A device rule says that images of this kind are not released.")


class SlideNotClean(Conflict):
    """Something was found on the slide that an overview shows, or nobody could look at it yet."""

    code = "slide-not-clean"
    title = "The slide of this overview is not known to be clean"


@dataclass(frozen=True, slots=True)
class Group:
    """What is looked at together: the levels of one slide, or one other image.

    Of an overview the `volumes` of its slide say where its tissue is.
    """

    instances: tuple[Instance, ...]
    slide: bool
    overview: bool = False
    volumes: tuple[Instance, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """Of each instance of a group what was seen, or why nothing could be, and in which bytes (contents.py).

    Where all is as it was seen in copies, `people` say how many decided it there.
    """

    outcomes: Sequence[Screened | SlidegateError]
    contents: Sequence[str]
    people: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whether all that failed is to be tried again, and not only what is due by this time."""

    again: bool
    now: datetime


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

    What could not be looked at before is tried once more when it is due (retrying.py), with `again` at once. Never call
    it inside a transaction. What fails is written as failed, so that it stays withheld; so is an image on which two
    readers, one after the other, have crashed or run out of memory.
    """
    rules = load_rules(current().policies_dir)
    with reading() as db:
        groups = list(_groups(db, dataset_ids, rules, _Asked(again, now)))
    done = Counter[str]()
    with Watchers(eyes) as watchers:
        for number, group in enumerate(groups):
            looked = watchers.look(group, rules)
            with transaction() as db:
                stands = _stand(db, group, looked)
                for instance, each, content in zip(group.instances, stands, looked.contents, strict=True):
                    row = write(db, instance, each.outcome, rules, by=by, now=now, people=each.people, content=content)
                    done[row.state] += 1
            if progress:
                progress(number + 1, len(groups))
    return done


class Watchers:
    """The reader that looks at groups, and the next one if it dies of one. Given eyes are never replaced."""

    def __init__(self, eyes: Eyes | None) -> None:
        self._given, self._reader = eyes, ExitStack()
        self._eyes = eyes

    def __enter__(self) -> Watchers:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def look(self, group: Group, rules: PixelRules) -> Looked:
        """What was seen in each instance of a group, or why nothing could be."""
        for _attempt in range(ATTEMPTS):
            try:
                return _looked_at(group, rules, self._open())
            except ReaderGone as gone:
                died = gone
                self._eyes = self._given
                self._reader.close()
        return Looked([died] * len(group.instances), [""] * len(group.instances))

    def _open(self) -> Eyes:
        if self._eyes is None:
            self._eyes = self._reader.enter_context(reader_apart())
        return self._eyes


def _groups(db: Session, dataset_ids: Sequence[str], rules: PixelRules, asked: _Asked) -> Iterator[Group]:
    slides: list[Instance] = []
    overviews: list[Group] = []
    for instance in instances_in(db, dataset_ids):
        verdict = rules.verdict(facts_of(instance))
        if not verdict.screened:
            continue
        if verdict.tissue:
            if _waits(db, latest(db, instance, rules), asked):
                volumes = tuple(volumes_beside(db, instance))
                overviews.append(Group((instance,), slide=False, overview=True, volumes=volumes))
        elif instance.sop_class == WSI and instance.series_id is not None:
            slides.append(instance)
        elif _waits(db, latest(db, instance, rules), asked):
            yield Group((instance,), slide=False)
    for levels in pyramids_of(slides):
        if any(_waits(db, latest(db, each, rules), asked) for each in levels):
            yield Group(tuple(levels), slide=True)
    yield from overviews


def _waits(db: Session, found: Screening | None, asked: _Asked) -> bool:
    if found is None or found.state != FAILED:
        return found is None
    return asked.again or is_due(db, found, asked.now)


def _looked_at(group: Group, rules: PixelRules, eyes: Eyes) -> Looked:
    """What was seen, or why it could not be seen, of each instance of a group. Raises ReaderGone."""
    contents = [""] * len(group.instances)
    try:
        with headers_of(group.instances) as headers, headers_of(group.volumes) as volumes:
            contents = contents_of(headers, volumes)
            if group.overview:
                _only_beside_clean(group, rules)
            before = _seen_in_copies(group, contents, rules)
            if before:
                return before
            return Looked(outcomes(group, headers, volumes, rules, eyes), contents)
    except ReaderGone:
        raise
    except SlidegateError as error:
        return Looked([error] * len(group.instances), contents)


def outcomes(
    group: Group, headers: Sequence[Header], volumes: Sequence[Header], rules: PixelRules, eyes: Eyes
) -> Sequence[Screened]:
    """What is seen in each image of a group, as the rule that fits it says. Raises what withholds them all."""
    if any(blacklisted(each, rules) for each in headers):
        return [BLACKLISTED] * len(headers)
    lossy = rules.verdict(facts_of(group.instances[0])).irreversible
    if group.slide:
        levels = [level_of(each, lossy) for each in headers]
        return screen_slide(levels, eyes, known_on(levels, headers, rules))
    if group.overview:
        return [screen_overview(headers[0], volumes, eyes, lossy)]
    return [_one(headers[0], rules, eyes, lossy)]


def _seen_in_copies(group: Group, contents: Sequence[str], rules: PixelRules) -> Looked | None:
    """What was seen in copies of all of them; None where it was not, or people have spoken of these themselves."""
    with reading() as db:
        if any(word_on(db, each) is not None for each in group.instances):
            return None
        before = seen_before(db, contents, rules)
        if not before:
            return None
        try:
            return Looked([as_seen(db, each) for each in before], contents, [each.people for each in before])
        except Withheld:  # frames are lost that would be needed again
            return None


def _stand(db: Session, group: Group, looked: Looked) -> Iterator[Standing]:
    """What is written down: of copies what holds for the others, else what a machine saw beside what people said."""
    if looked.people is None:
        return standing(db, group.instances, looked.outcomes, looked.contents)
    return (Standing(outcome, people) for outcome, people in zip(looked.outcomes, looked.people, strict=True))


def _one(header: Header, rules: PixelRules, eyes: Eyes, lossy: str) -> Screened:
    """One image that is no slide: what its device is known to write is taken out first."""
    return screen(*frames_of(header), pixel_facts(header, lossy), eyes, device_verdict(header, rules).boxes)


def blacklisted(header: Header, rules: PixelRules) -> bool:
    """Whether a device rule withholds all such images. Raises CannotDecode, DicomError."""
    return any(each.list == BLACKLIST for each in rules.devices) and bool(device_verdict(header, rules).withheld_by)


def device_verdict(header: Header, rules: PixelRules) -> DeviceVerdict:
    """What the rules for devices say of an image. Raises CannotDecode, DicomError."""
    facts = pixel_facts(header)
    return verdict(rules.devices, header.parsed(), facts.columns, facts.rows) if rules.devices else DeviceVerdict()


def known_on(levels: Sequence[Level], headers: Sequence[Header], rules: PixelRules) -> list[tuple[Box, ...]]:
    """Where the rules for devices say that something is written, on each level of a slide, in its pixels."""
    if not rules.devices:
        return []
    pairs = zip(levels, headers, strict=True)
    return [verdict(rules.devices, each.parsed(), level.width, level.height).boxes for level, each in pairs]


def _only_beside_clean(group: Group, rules: PixelRules) -> None:
    """An overview comes after its slide: what was found on that may be seen here too, too small to be found.

    Raises SlideNotClean.
    """
    with reading() as db:
        seen = [latest(db, each, rules) for each in group.volumes]
    if not all(each is not None and each.state == CLEAN for each in seen):
        raise SlideNotClean


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
