"""A slide of which hundreds of frames were redacted is served like any other: row by row, in little memory."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.encaps import generate_frames
from sqlalchemy import delete, event, select

from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue.models import Instance, ScreenedFrame, Screening
from gateway.catalogue.patches import PART_BYTES, kept
from gateway.catalogue.screening import headers_of
from gateway.catalogue.seen import write
from gateway.clock import now
from gateway.demo.frames import JPEG_422
from gateway.demo.patients import cast
from gateway.demo.slides import Case, SlideSpec, write_slide
from gateway.demo.uids import Uids
from gateway.dicom.errors import Truncated
from gateway.dicom.rope import Rope
from gateway.pixels.aside import IN_MEMORY, Aside
from gateway.pixels.boxes import Box
from gateway.pixels.redact.errors import TooMuchReplaced
from gateway.pixels.screen import REDACTED, Screened, redact_slide
from gateway.pixels.source import level_of
from gateway.release import slide
from gateway.release.jobs import refresh_releases
from gateway.release.models import ManifestEntry
from gateway.settings import ROOT
from gateway.trail.record import SYSTEM
from tests.people.visitors import an_account
from tests.release.builders import SITE, World, a_catalogue, a_gateway, a_release, at, bound_to
from tests.release.test_frames import parts
from tests.screening.builders import rules

SIDE, TILE = 1280, 64  # pixels: 400 frames
SPEC = SlideSpec(JPEG_422, width=SIDE, height=SIDE, tile=TILE, levels=1)
INK = Box(0, 0, SIDE, 1000)  # drawn over 320 of them


@pytest.fixture(scope="module")
def many_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of one slide, most frames of which people redacted."""
    root, before = tmp_path_factory.mktemp("many"), settings_room.current()
    patient = cast(5, 1)[0]
    case = Case(patient, Uids("many", patient), SITE, "Northfield", f"{SITE}26-530000", "A1", "20260302", SPEC, 705)
    write_slide(root / "archive", case)
    (root / "data").mkdir()
    shutil.copytree(ROOT / "policies", root / "data" / "policies")
    with bound_to(root / "data"):
        a_catalogue(root / "archive")
        a_release(an_account("ada"))
        volume = the_volume()
        with headers_of([volume]) as (header,):
            (outcome,) = redact_slide([level_of(header)], 0, [INK])
            with database.transaction() as db:
                write(db, volume, outcome, rules(), by=SYSTEM, now=now(), people=1)
        refresh_releases({"instances": [volume.id]})
    settings_room.use(before)
    return root


@pytest.fixture
def world(tmp_path: Path, many_template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, many_template) as made:
        yield made


def the_volume() -> Instance:
    with database.reading() as db:
        return next(each for each in db.scalars(select(Instance)) if each.image_type[2] == "VOLUME")


def the_entry(world: World) -> ManifestEntry:
    (entry,) = world.released()
    return entry


@contextmanager
def rows_read() -> Iterator[list[Any]]:
    """The rows of frames that are read meanwhile, by their number."""
    seen: list[Any] = []
    with database.reading() as db:
        engine = db.get_bind()

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if "screened_frame.data" in statement and "WHERE" in statement:
            seen.append(tuple(given.values() if isinstance(given, dict) else given)[1])

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_hundreds_of_redacted_frames_leave_as_long_as_was_said_before(world: World) -> None:
    entry = the_entry(world)
    answer = world.get(at(entry))
    assert (answer.status_code, int(answer.headers["Content-Length"])) == (200, entry.size)
    assert len(answer.data) == entry.size
    with database.reading() as db:
        screening = db.get_one(Screening, entry.screening_id)
        marked = {mark[0] for mark in screening.marks}
        new = kept(db, screening)
    assert len(marked) == 320
    assert set(new) == marked
    source = dcmread(world.archive / the_volume().locator)
    theirs = list(generate_frames(source.PixelData, number_of_frames=entry.frame_count))
    sent = list(generate_frames(dcmread(BytesIO(answer.data)).PixelData, number_of_frames=entry.frame_count))
    for number, (ours, archive) in enumerate(zip(sent, theirs, strict=True)):
        whole = new[number].read(0, new[number].length) if number in new else archive
        assert ours[: len(whole)] == whole
        assert (whole == archive) is (number not in marked)
    part = world.get(at(entry), Range=f"bytes={entry.size // 2}-{entry.size // 2 + 999}")
    assert (part.status_code, part.data) == (206, answer.data[entry.size // 2 :][:1000])


def test_a_request_for_frames_reads_the_rows_of_these_and_of_no_others(world: World) -> None:
    entry, accept = the_entry(world), 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
    world.get(at(entry, "/frames/400"), Accept=accept)  # opened
    with rows_read() as seen:
        sent = parts(world.get(at(entry, "/frames/7,9,400"), Accept=accept))
    assert len(sent) == 3
    assert seen == [6, 8]


def test_a_slide_of_which_one_kept_frame_is_lost_or_cut_stays_here(world: World) -> None:
    entry = the_entry(world)
    for change in (delete(ScreenedFrame), ScreenedFrame.__table__.update().values(length=1)):
        with database.transaction() as db:
            db.execute(change.where(ScreenedFrame.frame == 100))
        slide._cache._kept.clear()
        assert world.get(at(entry)).status_code == 403


def test_frames_of_many_megabytes_are_kept_and_read_in_constant_memory(world: World) -> None:
    size, count = 300_000, 300

    def frames() -> Iterator[tuple[int, bytes]]:
        for number in range(count):
            yield number, number.to_bytes(2, "little") * (size // 2)
        yield count, b"large" * PART_BYTES  # several rows

    volume = the_volume()
    tracemalloc.start()
    try:
        put = Aside(frames())
        with database.transaction() as db:
            row = write(db, volume, Screened(REDACTED, replaced=put), rules(), by=SYSTEM, now=now())
        with database.reading() as db:
            pieces = kept(db, db.get_one(Screening, row.id))
        whole = Rope(list(pieces.values()))
        assert whole.length == size * count + 5 * PART_BYTES
        read = 0
        for chunk in whole.chunks():
            read += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == whole.length
    assert peak < 4 * IN_MEMORY < whole.length / 2
    assert pieces[258].read(0, 4) == (258).to_bytes(2, "little") * 2
    assert pieces[count].read(PART_BYTES - 2, 10) == (b"large" * PART_BYTES)[PART_BYTES - 2 :][:10]
    with pytest.raises(Truncated):
        pieces[0].source.read(whole.length - 1, 2)


def test_what_would_have_to_be_kept_twice_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.pixels.aside.MOST", 1000)
    assert dict(Aside([(3, b"a" * 500), (1, b"")])) == {3: b"a" * 500, 1: b""}
    with pytest.raises(TooMuchReplaced):
        Aside((number, b"a" * 500) for number in range(3))
