"""Indexing reads what is new or changed, and can be stopped at will."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import db as database
from gateway.archive.connect import ArchiveError
from gateway.catalogue.indexing import Indexed
from gateway.catalogue.models import FrameTable
from gateway.catalogue.sources import open_source
from gateway.demo.archive import PlantedArchive
from gateway.errors import NotFound
from gateway.settings import Settings
from gateway.trail.models import Event
from tests.catalogue.shelves import an_archive, an_indexed, change, index, known

pytestmark = pytest.mark.usefixtures("empty")


def test_a_second_run_reads_only_what_changed(slides: Path) -> None:
    objects = sorted(slides.rglob("*.dcm"))
    assert an_indexed(slides) == Indexed(read=len(objects), unchanged=0, broken=0, gone=0)
    assert index() == Indexed(read=0, unchanged=len(objects), broken=0, gone=0)
    os.utime(objects[1], ns=(1, 1))
    assert index() == Indexed(read=1, unchanged=len(objects) - 1, broken=0, gone=0)


def test_a_broken_object_is_kept_with_its_reason_and_names_nobody(slides: Path, planted: PlantedArchive) -> None:
    first, second, *_ = sorted(slides.rglob("*.dcm"))
    first.write_bytes(first.read_bytes()[:900])
    second.write_bytes(b"no DICOM at all, but Strickleborough")
    assert an_indexed(slides).broken == 2
    reasons = [each.reason for each in known(state="broken")]
    assert all(reason.endswith("]") for reason in reasons)
    assert not any(name in reason for reason in reasons for name in [*planted.planted, "Strickleborough"])
    assert index().read == 0, "a broken object that has not changed is not read again"


def test_removed_objects_are_gone_and_come_back(slides: Path, tmp_path: Path) -> None:
    objects = sorted(slides.rglob("*.dcm"))
    an_indexed(slides)
    shutil.move(objects[0], tmp_path / "aside")
    assert index().gone == 1
    (gone,) = known(state="gone")
    assert index().gone == 0, "gone once is gone"
    with database.reading() as db, pytest.raises(ArchiveError):
        open_source(db, gone)
    shutil.move(tmp_path / "aside", objects[0])
    assert index().read == 1
    assert [each.id for each in known()].count(gone.id) == 1
    assert not known(state="gone")


def test_a_run_that_is_killed_goes_on_where_it_was(slides: Path, empty: Settings) -> None:
    an_archive(slides)
    program = (
        "import os, signal; from gateway.catalogue import indexing;"
        "from tests.catalogue.shelves import MORNING, SYSTEM;"
        "indexing.BATCH = 2;"
        "indexing.index_archive(by=SYSTEM, name='north', now=MORNING,"
        " progress=lambda at, of: os.kill(os.getpid(), signal.SIGKILL))"
    )
    environment = {**os.environ, "SLIDEGATE_DATA_DIR": str(empty.data_dir)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(known(state="indexed")) == 2
    objects = len(sorted(slides.rglob("*.dcm")))
    assert index() == Indexed(read=objects - 2, unchanged=2, broken=0, gone=0)


def test_indexing_is_on_the_record(slides: Path) -> None:
    an_indexed(slides)
    with database.reading() as db:
        actions = list(db.scalars(select(Event.action).order_by(Event.seq)))
    assert actions == ["site.added", "archive.added", "archive.indexed"]


def test_a_study_belongs_to_one_patient(slides: Path) -> None:
    objects = sorted(slides.rglob("*.dcm"))
    change(objects[-1], PatientID="someone else")
    assert an_indexed(slides).read == len(objects)
    (refused,) = known(state="broken")
    assert refused.reason == "its study names another patient elsewhere"


def test_a_corrected_patient_id_is_taken_over(slides: Path) -> None:
    an_indexed(slides)
    for path in sorted(slides.rglob("*.dcm")):
        change(path, PatientID="corrected")
        index()
    index()
    with database.reading():
        assert not known(state="broken")


def test_a_copy_is_not_a_second_instance_but_takes_its_place(slides: Path) -> None:
    first = sorted(slides.rglob("*.dcm"))[0]
    shutil.copy(first, slides / "zz-copy.dcm")
    an_indexed(slides)
    (copy,) = known(state="broken")
    assert copy.reason == "another object of the site has the same UID"
    first.unlink()
    index()
    index()
    assert not known(state="broken")


def test_an_object_with_another_header_is_another_instance(slides: Path) -> None:
    path = sorted(slides.rglob("*.dcm"))[0]
    an_indexed(slides)
    before = known(state="indexed")[0]
    change(path, PatientComments="x" * 20)
    index()
    (old,) = known(state="gone")
    assert old.id == before.id
    with database.reading() as db:
        assert db.get(FrameTable, old.id) is None


def test_an_object_that_changed_since_is_not_opened(slides: Path) -> None:
    path = sorted(slides.rglob("*.dcm"))[0]
    an_indexed(slides)
    instance = next(each for each in known() if each.locator == path.relative_to(slides).as_posix())
    with database.reading() as db:
        open_source(db, instance).close()
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(bytes(data))
        os.utime(path, ns=(5, 5))
        with pytest.raises(ArchiveError):
            open_source(db, instance)


def test_an_empty_folder_and_an_unknown_archive_are_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    an_archive(tmp_path / "nothing")
    with pytest.raises(ArchiveError, match="empty"):
        index()
    with pytest.raises(NotFound):
        index("south")
