"""What the fuzzer drives, and what it starts from."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pydicom

from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import load_plan
from gateway.deid.rewrite import rewrite
from gateway.deid.trace import Tally
from gateway.demo.archive import cases
from gateway.demo.slides import write_slide
from gateway.dicom.errors import DicomError
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.errors import Withheld
from gateway.settings import ROOT
from tests.deid.test_many_frames import frames
from tests.dicom.faults import FAULTS

PLAN = load_plan(ROOT / "policies", "pathology-research")
KEYS = ProjectKeys(b"fuzz" * 8)
PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"


def one_input(data: bytes) -> None:
    """Read, index and rewrite one file, twice: watched, nothing is taken for alike. Both say the same."""
    try:
        header = read_header(BytesSource(data))
    except DicomError:
        return
    with suppress(DicomError):
        index_frames(header)
    plain, watched = _front(data, None), _front(data, Tally())
    if plain != watched:
        raise AssertionError("an item taken for alike was treated in another way")


def _front(data: bytes, tally: Tally | None) -> bytes | None:
    try:
        return rewrite(read_header(BytesSource(data)), PLAN, KEYS, tally)
    except (DicomError, Withheld):
        return None


def seeds(largest: int) -> Iterator[bytes]:
    """Real files, the demo's slides, slides of many frames and each known fault; of large ones the header alone."""
    with tempfile.TemporaryDirectory() as folder:
        slides = [path for case in cases(7, 0.25)[:3] for path in write_slide(Path(folder), case)]
        files = [path.read_bytes() for path in (*sorted(PYDICOM.rglob("*.dcm")), *slides)]
    files += [frames(100, undefined=undefined) for undefined in (False, True)]
    yield from (data if len(data) <= largest else _header_of(data)[:largest] for data in files)
    yield from (data[:4096] for data, _error in FAULTS.values())


def _header_of(data: bytes) -> bytes:
    try:
        pixel = read_header(BytesSource(data)).pixel
    except DicomError:
        return data
    return data[: pixel.start] if pixel else data
