"""Reading a header: everything before the pixels, and where the pixels are; the pixels are not read."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filereader import read_dataset

from gateway.dicom.elements import UNDEFINED, Element, Window, element_at, elements, head_at
from gateway.dicom.encoding import DEFLATED, EXPLICIT_LE, EXPLICIT_LITTLE, Encoding, encoding_of
from gateway.dicom.errors import DicomError, MissingMeta, NotAnInstance, NotDicom, OutOfOrder, TooLarge, Truncated
from gateway.dicom.source import ByteSource, BytesSource

PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
INFLATED_LIMIT = 64 * 1024 * 1024
META_START = 132
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"  # Media Storage Directory Storage


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data element lies in `Header.body`, in bytes. `length` is None when encapsulated."""

    tag: int
    vr: bytes
    start: int
    value_start: int
    length: int | None


@dataclass(frozen=True, slots=True)
class Header:
    """All of an instance but its pixels.

    `dataset` holds the encoded elements between the file meta information and the pixel data element.
    Positions are in `body`: the source itself, or the inflated bytes of a deflated one.
    """

    transfer_syntax: str
    encoding: Encoding
    meta: bytes
    dataset: bytes
    dataset_start: int
    pixel: PixelElement | None
    size: int
    body: ByteSource

    def value(self, tag: int) -> bytes | None:
        """The encoded value of a top-level element, padding and all; None if it is not there."""
        for element in elements(self.dataset, self.encoding):
            if element.tag == tag:
                return self.dataset[element.value_start : element.end]
            if element.tag > tag:
                break
        return None

    def parsed(self) -> FileDataset:
        """The dataset as pydicom reads it, with the file meta information; no pixels."""
        explicit, little = self.encoding.explicit, self.encoding.little
        dataset = read_dataset(BytesIO(self.dataset), not explicit, little, bytelength=len(self.dataset))
        meta = read_dataset(BytesIO(self.meta), is_implicit_VR=False, is_little_endian=True)
        return FileDataset(BytesIO(), dataset, file_meta=FileMetaDataset(meta))


def read_header(source: ByteSource) -> Header:
    """The header of a DICOM file (PS3.10). Raises NotDicom, MissingMeta, Truncated and other DicomErrors."""
    if source.size < META_START or source.read(128, 4) != b"DICM":
        raise NotDicom
    window = Window(source)
    transfer_syntax, start = _read_meta(window)
    encoding = encoding_of(transfer_syntax)
    meta = window.data[META_START:start]
    if transfer_syntax == DEFLATED:
        source = BytesSource(window.data[:start] + _inflated(source, start))
        window = Window(source)
        transfer_syntax, encoding = EXPLICIT_LITTLE, EXPLICIT_LE
    pixel = _find_pixels(window, start, encoding)
    stop = pixel.start if pixel else source.size
    window.ensure(stop)
    return Header(transfer_syntax, encoding, meta, window.data[start:stop], start, pixel, source.size, source)


def _read_meta(window: Window) -> tuple[str, int]:
    """The transfer syntax, and where the dataset starts."""
    at, transfer_syntax, last = META_START, "", -1
    while at < window.size:
        try:
            window.ensure(at + 2)
            if window.data[at : at + 2] != b"\x02\x00":
                break
            element = element_at(window, at, window.size, EXPLICIT_LE)
            window.ensure(element.end)
        except Truncated:
            raise
        except DicomError:
            raise MissingMeta from None
        if element.tag <= last:
            raise OutOfOrder
        if element.tag == 0x00020002 and _text(window, element) == MEDIA_DIRECTORY:
            raise NotAnInstance
        if element.tag == 0x00020010:
            transfer_syntax = _text(window, element)
        last, at = element.tag, element.end
    if not transfer_syntax:
        raise MissingMeta
    return transfer_syntax, at


def _text(window: Window, element: Element) -> str:
    return window.data[element.value_start : element.end].decode("ascii", "replace").rstrip("\0 ")


def _inflated(source: ByteSource, start: int) -> bytes:
    """The inflated dataset, refused past INFLATED_LIMIT: a small file can inflate a thousandfold."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    total, at = 0, start
    try:
        while at < source.size and not inflater.eof:
            length = min(65536, source.size - at)
            data = source.read(at, length)
            at += length
            while data and not inflater.eof:
                pieces.append(inflater.decompress(data, 1 << 20))
                data = inflater.unconsumed_tail
                total += len(pieces[-1])
                if total > INFLATED_LIMIT:
                    raise TooLarge("the deflated dataset inflates to more than the limit")
    except zlib.error:
        raise DicomError("the deflated dataset cannot be inflated") from None
    if not inflater.eof:
        raise Truncated
    return b"".join(pieces)


def _find_pixels(window: Window, at: int, encoding: Encoding) -> PixelElement | None:
    last = -1
    while at < window.size:
        tag, vr, value_start, length = head_at(window, at, encoding)
        if tag <= last:
            raise OutOfOrder
        if tag in PIXEL_TAGS:
            if length != UNDEFINED and value_start + length > window.size:
                raise Truncated
            return PixelElement(tag, vr, at, value_start, None if length == UNDEFINED else length)
        end = value_start + length
        if length == UNDEFINED or end > window.size or tag >> 16 == 0xFFFE:
            end = element_at(window, at, window.size, encoding).end
        last, at = tag, end
    return None
