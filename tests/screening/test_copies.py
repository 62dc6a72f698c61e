"""What was seen in pixels is known by the bytes it was seen in: copies have one result, another object none of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from gateway import db as database
from gateway.catalogue import commands as catalogue
from gateway.catalogue.contents import contents_of
from gateway.catalogue.indexing import index_archive
from gateway.catalogue.models import Archive, Instance, ScreenedFrame, Screening
from gateway.catalogue.patches import kept
from gateway.catalogue.screening import screen_datasets
from gateway.catalogue.seen import latest
from gateway.clock import now
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.pixels.boxes import Box
from gateway.pixels.findings import TEXT, Finding
from gateway.pixels.screen import CLEAN, REDACTED, REVIEW, WITHHELD
from gateway.screening.commands import REDACT
from gateway.screening.commands import WITHHOLD as KEEP_HERE
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.release.builders import World
from tests.screening.builders import do_the_work, every_dataset, rules
from tests.screening.test_deciding import says, waiting

BOX, CLIP, FRAMES = Box(8, 8, 640, 40), (480, 640), 8


class Counted:
    """Eyes that see boxes on the clip, until they are taken out or for ever, and count how often they are asked."""

    def __init__(self, *boxes: Box, for_ever: bool = False) -> None:
        self.boxes, self.for_ever, self.asked = boxes, for_ever, 0

    def find(self, picture: Any) -> list[Finding]:
        if picture.shape[:2] != CLIP:
            return []
        self.asked += 1
        seen = [
            each
            for each in self.boxes
            if self.for_ever or picture[each.top : each.bottom, each.left : each.right].any()
        ]
        return [Finding(TEXT, each, 1.0) for each in seen]

    def find_ink(self, _picture: Any) -> list[Finding]:
        return []

    def find_rest(self, _picture: Any) -> list[Finding]:
        return []


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    """An archive of which files can be changed, and another hospital that holds a copy of its clip."""
    shutil.copytree(world.archive, tmp_path / "archive")
    (tmp_path / "other").mkdir()
    shutil.copy(clip_in(tmp_path / "archive"), tmp_path / "other" / "again.dcm")
    with database.transaction() as db:
        db.scalars(select(Archive)).one().uri = f"folder:{tmp_path / 'archive'}"
        site = catalogue.add_site(db, by=SYSTEM, code="OTH", name="Otherton", now=now())
        catalogue.add_archive(db, by=SYSTEM, name="other", uri=f"folder:{tmp_path / 'other'}", site=site, now=now())
    for name in ("ngh", "other"):
        index_archive(by=SYSTEM, name=name, now=now())
    with database.transaction() as db:
        other = db.scalars(select(Archive).where(Archive.name == "other")).one()
        catalogue.add_dataset(
            db, by=SYSTEM, slug="copies", title="Copies", summary="Copies", archive=other,
            terms=["DUO:0000042"], deid_policy="pathology-research", now=now(),
        )  # fmt: skip
    path = current().policies_dir / "pixels" / "20-other-modalities.toml"
    path.write_text(path.read_text() + "# changed\n")  # so that nobody has looked yet
    return tmp_path / "archive"


def clip_in(folder: Path) -> Path:
    (path,) = folder.rglob("*_US.dcm")
    return path


def look(eyes: Counted) -> Counted:
    screen_datasets(every_dataset(), by=SYSTEM, now=now(), eyes=eyes)
    return eyes


def seen() -> list[Screening]:
    """What counts now of both clips, that of the first hospital first."""
    with database.reading() as db:
        found = db.scalars(select(Instance).where(Instance.modality == "US", Instance.state == "indexed")).all()
        looked = [latest(db, each, rules()) for each in sorted(found, key=lambda each: each.locator == "again.dcm")]
        return [each for each in looked if each is not None]


def replaced_of(screening: Screening) -> dict[int, bytes]:
    with database.reading() as db:
        return {frame: each.read(0, each.length) for frame, each in kept(db, screening).items()}


def both_say(screening: Screening, decision: str, *boxes: list[int]) -> None:
    for name in ("priya", "paul"):
        says(name, screening, decision, *boxes)
    do_the_work()


def test_copies_of_an_object_are_looked_at_once_and_have_one_result(folder: Path) -> None:
    assert look(Counted(BOX)).asked == 2 * FRAMES, "one clip, twice"
    first, second = seen()
    assert (first.state, second.state) == (REDACTED, REDACTED)
    assert first.content_sha256 == second.content_sha256 != ""
    assert first.marks == second.marks
    frames = replaced_of(first)
    assert len(frames) == FRAMES
    assert replaced_of(second) == frames


def test_people_decide_on_all_copies_at_once(folder: Path) -> None:
    look(Counted(BOX, for_ever=True))
    first, second = seen()
    assert (first.state, second.state) == (REVIEW, REVIEW)
    assert [each.kind for each in waiting()] == ["image"], "shown once"
    both_say(first, REDACT, [0, 0, 640, 60])
    assert [(each.state, each.people) for each in seen()] == [(REDACTED, 2), (REDACTED, 2)]
    frames = [replaced_of(each) for each in seen()]
    assert frames[0] == frames[1]
    assert not any(frames[0][0][: 640 * 60 * 3])
    assert waiting() == []


def test_a_copy_that_comes_later_has_what_people_said(folder: Path) -> None:
    hidden = folder.parent / "other" / "again.dcm"
    data = hidden.read_bytes()
    hidden.write_bytes(data[:-2])  # for now another object
    index_archive(by=SYSTEM, name="other", now=now())
    look(Counted(BOX, for_ever=True))
    both_say(seen()[0], KEEP_HERE)
    hidden.write_bytes(data)
    index_archive(by=SYSTEM, name="other", now=now())
    assert look(Counted()).asked == 0
    assert [(each.state, each.people) for each in seen()] == [(WITHHELD, 2), (WITHHELD, 2)]


def test_what_people_said_holds_when_the_archive_sends_the_same_bytes_again(folder: Path) -> None:
    look(Counted(BOX, for_ever=True))
    both_say(seen()[0], KEEP_HERE)
    os.utime(clip_in(folder), ns=(1, 1))
    index_archive(by=SYSTEM, name="ngh", now=now())
    assert len(seen()) == 1, "of what was sent again nothing counts yet"
    assert look(Counted()).asked == 0
    assert [(each.state, each.people) for each in seen()] == [(WITHHELD, 2), (WITHHELD, 2)]


def test_another_object_under_the_same_uid_never_has_the_result_of_the_old_one(folder: Path) -> None:
    look(Counted())
    assert [each.state for each in seen()] == [CLEAN, CLEAN]
    before = seen()[0].content_sha256
    path = clip_in(folder)
    data = bytearray(path.read_bytes())
    data[-1] ^= 255  # one sample of the last frame; header and length are the same
    path.write_bytes(data)
    index_archive(by=SYSTEM, name="ngh", now=now())
    assert [each.content_sha256 for each in seen()] == [before], "the copy's only"
    assert look(Counted(BOX)).asked == 2 * FRAMES
    first, second = seen()
    assert (first.state, second.state) == (REDACTED, CLEAN)
    assert first.content_sha256 != before == second.content_sha256


def test_copies_of_what_lost_its_frames_are_looked_at_anew(folder: Path) -> None:
    look(Counted(BOX))
    with database.transaction() as db:
        db.execute(delete(ScreenedFrame))
    os.utime(clip_in(folder), ns=(1, 1))
    index_archive(by=SYSTEM, name="ngh", now=now())
    assert look(Counted(BOX)).asked == 2 * FRAMES
    assert len(replaced_of(seen()[0])) == FRAMES


def test_the_digest_is_of_all_bytes_that_were_looked_at_together(folder: Path) -> None:
    data = clip_in(folder).read_bytes()
    changed = data[:-1] + bytes([data[-1] ^ 1])
    same, other = (read_header(BytesSource(each)) for each in (b"x" * 128 + data[128:], changed))
    clip = read_header(BytesSource(data))
    assert contents_of([clip]) == contents_of([same]) != contents_of([other])
    assert contents_of([clip], [other]) != contents_of([clip])
    (first, second), (again, _other) = contents_of([clip, other]), contents_of([other, clip])[::-1]
    assert first == again != second
