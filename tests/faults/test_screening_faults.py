"""Whatever goes wrong while pixels are looked at: the image is withheld and looked at again, never released."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, select

from gateway import db as database
from gateway.catalogue import screening as looking
from gateway.catalogue.indexing import index_archive
from gateway.catalogue.models import Archive, Dataset, Instance, ScreenedFrame
from gateway.clock import now
from gateway.demo.tissue import section
from gateway.pixels.detect.apart import ReaderApart, ReaderGone, reader_apart
from gateway.release import slide, turnstile
from gateway.release.jobs import refresh_releases
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.release.builders import World, a_gateway, at, eyes
from tests.screening.builders import NAME_BOX, do_the_work, seen_in, the_template
from tests.screening.test_deciding import entries, says, the


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("screening"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        yield made


def look_again(**options: object) -> None:
    """Let what was seen be out of date, and look."""
    path = current().policies_dir / "pixels" / "10-whole-slide.toml"
    path.write_text(path.read_text() + "# changed\n")
    with database.reading() as db:
        datasets = list(db.scalars(select(Dataset.id)))
    looking.screen_datasets(datasets, by=SYSTEM, now=now(), **options)  # type: ignore[arg-type]
    refresh_releases({"instances": None})


def released(world: World) -> list[bool]:
    return [each.released for each in (*entries(world, "SM"), *entries(world, "US"))]


def processes(reader: ReaderApart) -> list[BaseProcess]:
    assert reader._pool is not None
    return list((reader._pool._processes or {}).values())


def test_a_reader_that_is_killed_says_so_and_the_next_one_reads() -> None:
    picture = section(3, 1600, 1600, "H&E", "colon")
    with reader_apart() as reader:
        reader.find(np.full((64, 64, 3), 255, np.uint8))
        (process,) = processes(reader)
        threading.Thread(target=lambda: os.kill(process.pid or 0, signal.SIGKILL)).start()
        with pytest.raises(ReaderGone):
            all(reader.find(picture) or True for _ in range(100))
        assert reader.find(np.full((64, 64, 3), 255, np.uint8)) == []


def test_a_reader_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.pixels.detect.apart.PATIENCE", 0.0)
    with reader_apart() as reader:
        with pytest.raises(ReaderGone):
            reader.find(section(3, 1600, 1600, "H&E", "colon"))
        assert reader._pool is None


def test_a_reader_without_memory_is_gone() -> None:
    with reader_apart(memory=700 * 1024**2) as reader, pytest.raises(ReaderGone):
        reader.find(section(3, 1600, 1600, "H&E", "colon"))


class Deadly(ReaderApart):
    """A reader whose process dies of every slide."""

    def find_ink(self, picture: object) -> list:  # type: ignore[type-arg]
        for process in processes(self):
            os.kill(process.pid or 0, signal.SIGKILL)
        return super().find_ink(picture)


def test_an_image_that_kills_its_readers_is_withheld_and_the_others_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    @contextmanager
    def deadly() -> Iterator[Deadly]:
        reader = Deadly()
        started.append(reader)
        try:
            yield reader
        finally:
            reader.close()

    monkeypatch.setattr(looking, "reader_apart", deadly)
    look_again()
    assert {(each.state, each.reason) for each in seen_in("SM")} == {("failed", ReaderGone().message)}
    assert [each.state for each in seen_in("US")] == ["redacted"]
    assert len(started) >= 2
    assert not any(each.released for each in entries(world, "SM"))
    monkeypatch.setattr(looking, "reader_apart", reader_apart)
    with database.reading() as db:
        datasets = list(db.scalars(select(Dataset.id)))
    looking.screen_datasets(datasets, by=SYSTEM, now=now(), again=True)
    assert {each.state for each in seen_in("SM")} == {"review"}, "looked at again, the name on it is found"


def test_a_frame_that_cannot_be_decoded_is_withheld_with_its_reason(world: World, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(world.archive, archive)
    with database.transaction() as db:
        db.scalars(select(Archive)).one().uri = f"folder:{archive}"
        low = min(db.scalars(select(Instance).where(Instance.total_columns == 1024)), key=lambda each: each.size)
        path = archive / low.locator
    data = path.read_bytes()
    start = data.index(b"\xff\xd8\xff", len(data) // 2) + 2  # a frame in the middle
    path.write_bytes(data[:start] + b"\x00" * 600 + data[start + 600 :])
    index_archive(by=SYSTEM, name="ngh", now=now())
    look_again(eyes=eyes())
    assert {each.state for each in seen_in("SM")} == {"failed"}
    assert all(each.reason for each in seen_in("SM"))
    assert not any(each.released for each in entries(world, "SM"))


def test_lost_frames_are_never_made_up_for_with_the_archives(world: World) -> None:
    says("priya", the("slide"), "redact", NAME_BOX)
    do_the_work()
    entry = entries(world, "SM")[0]
    assert world.get(at(entry, "/frames/1")).status_code == 200
    with database.transaction() as db:
        db.execute(delete(ScreenedFrame))
    slide._cache._kept.clear()
    turnstile.forget_everybody()
    for way in ("", "/frames/1", "/rendered", "/thumbnail"):
        assert world.get(at(entry, way)).status_code == 403, way
