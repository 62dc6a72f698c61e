"""An instance with frames replaced is a whole instance, whatever its offset table, and the rest of it is the same."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.uid import UID

from gateway.dicom.errors import BadFrames
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import read_header
from gateway.dicom.rope import Literal, Rope
from gateway.dicom.source import BytesSource
from gateway.pixels.patch import encapsulated, native, with_offsets

FRAMES = [bytes([65 + number]) * (20 + 2 * number) for number in range(5)]


def a_file(table: str) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.50" if table != "native" else "1.2.840.10008.1.2.1")
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.3"
    file = FileDataset("", Dataset(), file_meta=meta, preamble=bytes(128))
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3"
    file.NumberOfFrames, file.Rows, file.Columns, file.SamplesPerPixel, file.BitsAllocated = 5, 4, 5, 1, 8
    if table == "native":
        file.PixelData = b"".join(frame[:20] for frame in FRAMES)
    elif table == "extended":
        file.PixelData, file.ExtendedOffsetTable, file.ExtendedOffsetTableLengths = encapsulate_extended(FRAMES)
    elif table == "fragments":
        file.PixelData = encapsulate(FRAMES, fragments_per_frame=2, has_bot=True)
    else:
        file.PixelData = encapsulate(FRAMES, has_bot=table == "basic")
    file["PixelData"].VR = "OB"
    file["PixelData"].is_undefined_length = table != "native"
    target = BytesIO()
    file.save_as(target, enforce_file_format=True)
    return target.getvalue()


def frames_of(data: bytes) -> list[bytes]:
    return list(generate_frames(dcmread(BytesIO(data)).PixelData, number_of_frames=5))


@pytest.mark.parametrize("table", ["basic", "none", "extended", "fragments"])
@pytest.mark.parametrize("new", [b"z" * 22, b"z" * 8, b"z" * 100], ids=["as long", "shorter", "longer"])
def test_replaced_frames_are_read_back_and_the_others_are_the_same(table: str, new: bytes) -> None:
    data = a_file(table)
    header = read_header(BytesSource(data))
    assert header.pixel is not None
    index = index_frames(header)
    patched = encapsulated(header.body, header.pixel.start, index, {1: Literal(new)})
    element = b"".join(Rope(patched.pieces).chunks())
    front = data[: header.pixel.start]
    front = with_offsets(front, header.encoding, patched)
    whole = front + element
    assert frames_of(whole) == [FRAMES[0], new, *FRAMES[2:]]
    assert index_frames(read_header(BytesSource(whole))).count == 5


def test_what_fits_stays_in_its_place() -> None:
    data = a_file("extended")
    header = read_header(BytesSource(data))
    assert header.pixel is not None
    patched = encapsulated(header.body, header.pixel.start, index_frames(header), {2: Literal(b"q" * 24)})
    assert Rope(patched.pieces).length == len(data) - header.pixel.start
    assert patched.offsets == b""


def test_native_frames_are_replaced_length_for_length() -> None:
    data = a_file("native")
    header = read_header(BytesSource(data))
    assert header.pixel is not None
    index = index_frames(header)
    pieces = native(header.body, header.pixel.start, index.end, index, {0: Literal(b"n" * 20), 4: Literal(b"m" * 20)})
    whole = data[: header.pixel.start] + b"".join(Rope(pieces).chunks())
    assert len(whole) == len(data)
    assert dcmread(BytesIO(whole)).PixelData == b"n" * 20 + data[index.starts[1] : index.starts[4]] + b"m" * 20
    with pytest.raises(BadFrames):
        native(header.body, header.pixel.start, index.end, index, {0: Literal(b"n" * 19)})
