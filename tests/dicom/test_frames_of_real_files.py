"""Frames found by our index are those that pydicom finds, on every real file that its package carries."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.encaps import generate_frames

from gateway.dicom.errors import DicomError
from gateway.dicom.frames.index import FrameIndex
from gateway.dicom.frames.reader import frame_count, index_frames
from gateway.dicom.header import Header, read_header
from gateway.dicom.source import FileSource

FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"


def indexed(path: Path) -> tuple[Header, FrameIndex] | None:
    try:
        header = read_header(FileSource(path))
        return header, index_frames(header)
    except DicomError:
        return None


READABLE = [path for path in sorted(FOLDER.rglob("*.dcm")) if indexed(path)]


def test_most_real_files_can_be_indexed() -> None:
    assert len(READABLE) > 50


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_frames_equal_those_of_pydicom(path: Path) -> None:
    found = indexed(path)
    assert found is not None
    header, index = found
    ours = [b"".join(header.body.read(*piece) for piece in index.pieces(n)) for n in range(index.count)]
    dataset = pydicom.dcmread(path)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        theirs = list(generate_frames(dataset.PixelData, number_of_frames=frame_count(header)))
        assert [frame.rstrip(b"\0") for frame in ours] == [frame.rstrip(b"\0") for frame in theirs]
    else:
        assert b"".join(ours) == dataset.PixelData[: sum(map(len, ours))]


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_an_index_survives_packing(path: Path) -> None:
    found = indexed(path)
    assert found is not None
    assert FrameIndex.unpack(found[1].pack()) == found[1]
