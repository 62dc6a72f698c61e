"""Golden files, made by code: one for each fault, each with the error that it must give."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from struct import pack

from gateway.dicom import errors

EXPLICIT, IMPLICIT, BIG, DEFLATED = (f"1.2.840.10008.1.2{end}" for end in (".1", "", ".2", ".1.99"))


def element(tag: int, vr: bytes, value: bytes, *, length: int | None = None) -> bytes:
    """Explicit VR little endian, with any length that one likes."""
    length = len(value) if length is None else length
    head = pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    long = vr in (b"SQ", b"OB", b"UN", b"UT", b"OW", b"ZZ")
    return head + (b"\0\0" + pack("<I", length) if long else pack("<H", length)) + value


def implicit(tag: int, value: bytes, *, length: int | None = None) -> bytes:
    """Implicit VR little endian, with any length that one likes."""
    return pack("<HHI", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def a_file(dataset: bytes, syntax: str | None = EXPLICIT, *, meta: bytes = b"") -> bytes:
    """Preamble, prefix, file meta and a dataset."""
    if syntax is not None:
        value = syntax.encode() + b"\0" * (len(syntax) & 1)
        meta = element(0x00020001, b"OB", b"\0\1") + element(0x00020010, b"UI", value)
    return bytes(128) + b"DICM" + meta + dataset


def nested(depth: int) -> bytes:
    """A sequence in a sequence, so many times, all of undefined length."""
    opening = element(0x00400560, b"SQ", b"", length=0xFFFFFFFF) + pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    closing = pack("<HHI", 0xFFFE, 0xE00D, 0) + pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return opening * depth + closing * depth


def deflated(data: bytes) -> bytes:
    """Raw deflate, as PS3.5 A.5 has it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


NAME = element(0x00100010, b"PN", b"Okonkwo^Ngozi ")
PIXELS = element(0x7FE00010, b"OB", bytes(16))
UNDEFINED_ITEM = pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)

FAULTS: Mapping[str, tuple[bytes, type[errors.DicomError]]] = {
    "empty": (b"", errors.NotDicom),
    "text": (b"Okonkwo, Ngozi\n" * 30, errors.NotDicom),
    "no prefix": (bytes(132) + NAME, errors.NotDicom),
    "no meta": (a_file(NAME, None), errors.MissingMeta),
    "meta without transfer syntax": (a_file(NAME, None, meta=element(2 << 16 | 1, b"OB", b"\0\1")), errors.MissingMeta),
    "unknown transfer syntax": (a_file(NAME, "1.2.3.4.5"), errors.UnknownTransferSyntax),
    "a SOP class as transfer syntax": (a_file(NAME, "1.2.840.10008.5.1.4.1.1.2"), errors.UnknownTransferSyntax),
    "a DICOMDIR": (a_file(NAME, None, meta=element(0x00020002, b"UI", b"1.2.840.10008.1.3.10")), errors.NotAnInstance),
    "cut in a value": (a_file(NAME[:-3]), errors.Truncated),
    "cut in a tag": (a_file(NAME + b"\x10\0\x20"), errors.Truncated),
    "cut in the meta": (a_file(b"")[:-4], errors.Truncated),
    "length past the end": (a_file(element(0x00100010, b"PN", b"Okonkwo", length=60000)), errors.Truncated),
    "length of four gigabytes": (a_file(element(0x00081111, b"OB", b"", length=0xFFFFFFFE)), errors.Truncated),
    "pixels cut": (a_file(NAME + PIXELS[:-1]), errors.Truncated),
    "VR of zeros": (a_file(element(0x00100010, b"\0\0", b"Okonkwo ")), errors.BadElement),
    "VR that no standard knows": (a_file(element(0x00100010, b"ZZ", b"Okonkwo ")), errors.BadElement),
    "twice": (a_file(NAME + NAME), errors.OutOfOrder),
    "out of order": (a_file(NAME + element(0x00080050, b"SH", b"A1")), errors.OutOfOrder),
    "no sequence delimiter": (a_file(element(0x00400560, b"SQ", b"", length=0xFFFFFFFF)), errors.Truncated),
    "no item delimiter": (
        a_file(element(0x00400560, b"SQ", UNDEFINED_ITEM + NAME, length=0xFFFFFFFF)), errors.Truncated,
    ),
    "no item in a sequence": (a_file(element(0x00400560, b"SQ", NAME, length=0xFFFFFFFF)), errors.BadElement),
    "a delimiter at the top": (a_file(NAME + pack("<HHI", 0xFFFE, 0xE00D, 0)), errors.BadElement),
    "a text of undefined length": (a_file(element(0x00400602, b"UT", b"", length=0xFFFFFFFF)), errors.BadElement),
    "nested 1,000 deep": (a_file(nested(1000)), errors.NestedTooDeep),
    "not deflated": (a_file(b"\xff" + NAME, DEFLATED), errors.DicomError),
    "deflated and cut": (a_file(deflated(NAME * 50)[:-2], DEFLATED), errors.Truncated),
    "deflate bomb": (a_file(deflated(bytes(600 << 20)), DEFLATED), errors.TooLarge),
}  # fmt: skip
