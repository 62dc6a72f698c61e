"""`index_frames`: the frame index of any instance, by whichever kind of table it has."""

from __future__ import annotations

from struct import unpack

from gateway.dicom.elements import elements
from gateway.dicom.errors import BadFrames, BytesAfter, DicomError
from gateway.dicom.frames.extended import from_table
from gateway.dicom.frames.index import FrameIndex
from gateway.dicom.frames.native import of_equal_size
from gateway.dicom.frames.offsets import from_items
from gateway.dicom.header import Header

EXTENDED_OFFSETS, EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
NUMBER_OF_FRAMES, SAMPLES, ROWS, COLUMNS, BITS = 0x00280008, 0x00280002, 0x00280010, 0x00280011, 0x00280100
PIXEL_DATA, MOST_AFTER = 0x7FE00010, 1024 * 1024  # its tag; bytes of signatures and padding after it


def index_frames(header: Header) -> FrameIndex:
    """Where the frames lie in `header.body`. Raises BadFrames, Truncated, and BytesAfter for what follows them."""
    index = _indexed(header)
    _only_elements_follow(header, index.end)
    return index


def _only_elements_follow(header: Header, at: int) -> None:
    """Signatures and padding may follow the pixel data (they do not leave); anything else is no DICOM."""
    size = header.body.size - at
    if size > MOST_AFTER:
        raise BytesAfter
    try:
        tags = [element.tag for element in elements(header.body.read(at, size), header.encoding)]
    except DicomError:
        raise BytesAfter from None
    if tags and tags[0] <= PIXEL_DATA:
        raise BytesAfter


def _indexed(header: Header) -> FrameIndex:
    pixel = header.pixel
    if pixel is None:
        raise BadFrames("the instance has no pixel data")
    frames = frame_count(header)
    if pixel.length is not None:
        return of_equal_size(pixel.value_start, pixel.length, frames=frames, frame_bytes=_frame_bytes(header))
    offsets, lengths = header.value(EXTENDED_OFFSETS), header.value(EXTENDED_LENGTHS)
    if offsets and lengths:
        return from_table(header.body, pixel.value_start, frames, offsets, lengths)
    return from_items(header.body, pixel.value_start, frames)


def frame_count(header: Header) -> int:
    """NumberOfFrames, 1 if it is not there. Raises BadFrames if it is no positive number."""
    raw = header.value(NUMBER_OF_FRAMES)
    if raw is None or not raw.strip(b"\0 "):
        return 1
    text = raw.strip(b"\0 ")
    if not text.isdigit() or int(text) < 1:
        raise BadFrames("NumberOfFrames is not a positive number")
    return int(text)


def _frame_bytes(header: Header) -> int:
    rows, columns = (_number(header, tag) for tag in (ROWS, COLUMNS))
    samples, bits = _number(header, SAMPLES), _number(header, BITS)
    if bits % 8:
        raise BadFrames("frames whose pixels do not fill bytes are not supported")
    return rows * columns * samples * bits // 8


def _number(header: Header, tag: int) -> int:
    raw = header.value(tag)
    if raw is None or len(raw) != 2:
        raise BadFrames("the header does not state the size of a frame")
    number: int = unpack("<H" if header.encoding.little else ">H", raw)[0]
    return number
