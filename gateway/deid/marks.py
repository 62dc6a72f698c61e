"""What a de-identified instance says of itself (PS3.15 E.1.1 step 6, PS3.3 C.12.1.1), and its new file meta."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from struct import Struct, pack

from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import CODES, PIXELS, Plan
from gateway.deid.values import mapped_uids
from gateway.dicom.elements import ITEM, elements
from gateway.dicom.encoding import EXPLICIT_LE, LONG_VRS, Encoding
from gateway.dicom.errors import MissingMeta
from gateway.dicom.header import Header

IMPLEMENTATION_UID = b"2.25.137291438236711094827664951077130985216"
IMPLEMENTATION_NAME = b"SLIDEGATE_1"
DERIVATION = b"Text and codes were taken out of the pixels for de-identification"
PREAMBLE = bytes(128) + b"DICM"
_HEADS = {  # of an element: implicit VR, a long explicit one, a short one (PS3.5 7.1.2, 7.1.3); little endian or big
    little: tuple(Struct(order + form).pack for form in ("HHI", "HH2sxxI", "HH2sH"))
    for little, order in ((True, "<"), (False, ">"))
}


def encoded(tag: int, vr: bytes, value: bytes, encoding: Encoding) -> bytes:
    """One element with a defined length, its value padded to an even length (PS3.5 7.1)."""
    if len(value) & 1:
        value += b"\0" if vr in (b"UI", b"OB", b"UN") else b" "
    implicit, long, short = _HEADS[encoding.little]
    if not encoding.explicit:
        return implicit(tag >> 16, tag & 0xFFFF, len(value)) + value
    head = long if vr in LONG_VRS else short
    return head(tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def encoded_item(content: bytes, encoding: Encoding) -> bytes:
    """One item of a sequence, its length defined."""
    return _HEADS[encoding.little][0](ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


class Pixels(Enum):
    """What was done about the pixels: nothing, looked at and found clean, text taken out, all but tissue taken out."""

    UNSEEN = "unseen"
    CLEAN = "clean"
    REDACTED = "redacted"
    TISSUE = "tissue"


def marks(plan: Plan, encoding: Encoding, pixels: Pixels = Pixels.UNSEEN, image_type: bytes = b"") -> dict[int, bytes]:
    """The elements that a release carries, encoded, by tag. What they say of pixels is said after a screening only."""
    codes = {code: meaning for code, meaning in plan.codes if code != PIXELS}
    if pixels is not Pixels.UNSEEN:
        codes[PIXELS] = CODES[PIXELS]
    found = dict(_marks(plan.method, tuple(sorted(codes.items())), plan.dates, encoding))
    if pixels is not Pixels.UNSEEN:
        found[0x00280301] = encoded(0x00280301, b"CS", b"NO", encoding)  # BurnedInAnnotation
    if pixels is Pixels.TISSUE:
        found[0x00480010] = encoded(0x00480010, b"CS", b"NO", encoding)  # SpecimenLabelInImage
    if pixels in (Pixels.REDACTED, Pixels.TISSUE):
        derived = b"\\".join([b"DERIVED", *image_type.strip(b"\0 ").split(b"\\")[1:]])
        found[0x00080008] = encoded(0x00080008, b"CS", derived, encoding)
        found[0x00082111] = encoded(0x00082111, b"ST", DERIVATION, encoding)
    return found


@lru_cache(maxsize=64)
def _marks(method: str, codes: tuple[tuple[str, str], ...], dates: str, encoding: Encoding) -> Mapping[int, bytes]:
    items = b"".join(
        encoded_item(
            encoded(0x00080100, b"SH", code.encode(), encoding)
            + encoded(0x00080102, b"SH", b"DCM", encoding)
            + encoded(0x00080104, b"LO", meaning.encode("ascii")[:64], encoding),
            encoding,
        )
        for code, meaning in codes
    )
    return {
        0x00120062: encoded(0x00120062, b"CS", b"YES", encoding),
        0x00120063: encoded(0x00120063, b"LO", method.encode("ascii"), encoding),
        0x00120064: encoded(0x00120064, b"SQ", items, encoding),
        0x00280303: encoded(0x00280303, b"CS", dates.encode("ascii"), encoding),
    }


def new_meta(header: Header, plan: Plan, keys: ProjectKeys) -> bytes:
    """File meta information of our own (PS3.10 7.1): nothing of the source's but class and transfer syntax."""
    values = {e.tag: header.meta[e.value_start : e.end] for e in elements(header.meta, EXPLICIT_LE)}
    sop_class = header.value(0x00080016) or values.get(0x00020002)
    sop_uid = header.value(0x00080018) or values.get(0x00020003)
    if not sop_class or not sop_uid:
        raise MissingMeta("the instance does not say its SOP class and SOP instance UID")
    body = b"".join(
        encoded(tag, vr, value, EXPLICIT_LE)
        for tag, vr, value in (
            (0x00020001, b"OB", b"\0\1"),
            (0x00020002, b"UI", mapped_uids(sop_class, keys)),
            (0x00020003, b"UI", sop_uid.strip(b"\0 ") if plan.keeps_uids else mapped_uids(sop_uid, keys)),
            (0x00020010, b"UI", header.transfer_syntax.encode("ascii")),
            (0x00020012, b"UI", IMPLEMENTATION_UID),
            (0x00020013, b"SH", IMPLEMENTATION_NAME),
        )
    )
    return encoded(0x00020000, b"UL", pack("<I", len(body)), EXPLICIT_LE) + body
