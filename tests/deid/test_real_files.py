"""The files that pydicom and deid-data carry: each is rewritten or refused by name, and nothing else happens."""

from __future__ import annotations

import subprocess
import sys
import warnings
from io import BytesIO
from pathlib import Path

import deid_data
import pydicom
import pytest

from gateway.deid.plan import Plan
from gateway.deid.rewrite import rewrite
from gateway.demo.archive import cases
from gateway.demo.slides import write_slide
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import read_header
from gateway.dicom.source import FileSource
from gateway.errors import SlidegateError
from tests.deid.slides import BASIC, KEYS, RESEARCH

PACKAGES = (Path(pydicom.__file__).parent / "data" / "test_files", Path(deid_data.__file__).parent)
FILES = sorted(path for folder in PACKAGES for path in folder.rglob("*.dcm"))
NAMED = ("PatientName", "PatientID", "AccessionNumber", "InstitutionName", "ReferringPhysicianName", "StationName")
VALIDATOR = Path(sys.executable).parent / "dciodvfy"


def front_of(path: Path, plan: Plan) -> bytes | None:
    try:
        return rewrite(read_header(FileSource(path)), plan, KEYS)
    except SlidegateError:
        return None


def test_most_real_files_can_be_rewritten() -> None:
    assert sum(front_of(path, RESEARCH) is not None for path in FILES) > len(FILES) // 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("plan", [BASIC, RESEARCH], ids=["basic", "research"])
def test_a_real_file_keeps_no_name(path: Path, plan: Plan) -> None:
    front = front_of(path, plan)
    if front is None:
        return
    with warnings.catch_warnings(action="ignore"):
        before = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        values = {str(before.get(keyword, "") or "") for keyword in NAMED}
        after = pydicom.dcmread(BytesIO(front))
        assert not [value for value in values if len(value) > 4 and value.encode() in front]
        assert not any(element.tag.is_private for element in after.iterall())
        assert str(after.StudyInstanceUID).startswith("2.25.") if "StudyInstanceUID" in after else True


def errors_of(path: Path) -> set[str]:
    done = subprocess.run([VALIDATOR, path], capture_output=True, text=True, errors="replace", check=False)
    return {line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")}


@pytest.mark.skipif(not VALIDATOR.exists(), reason="dciodvfy is not installed")
@pytest.mark.parametrize("number", [0, 3, 5, 9], ids=["full", "immunostain", "sparse", "jpeg 2000"])
@pytest.mark.parametrize("plan", [BASIC, RESEARCH], ids=["basic", "research"])
def test_no_slide_gets_an_error_that_it_did_not_have(number: int, plan: Plan, tmp_path: Path) -> None:
    for path in write_slide(tmp_path / "before", cases(7, 0.1)[number]):
        front, header = front_of(path, plan), read_header(FileSource(path))
        assert front is not None
        assert header.pixel is not None
        start = header.pixel.start
        after = tmp_path / "after.dcm"
        after.write_bytes(front + header.body.read(start, index_frames(header).end - start))
        assert errors_of(after) <= errors_of(path)
