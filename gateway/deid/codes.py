"""Code items (PS3.3 8.8): let through if the code is one that means the same everywhere, and rebuilt then.

The meaning is written anew from the vocabulary, never copied: people type names into it. A site's own codes
(99..., L) are left out, and so is a code that its scheme does not have.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.deid.code_table import code_table
from gateway.deid.marks import encoded, encoded_item
from gateway.dicom.elements import Element, elements, items
from gateway.dicom.encoding import Encoding

CODE_VALUE, SCHEME, VERSION, MEANING = 0x00080100, 0x00080102, 0x00080103, 0x00080104
MODIFIERS = frozenset((0x00082220, 0x00082230))  # sequences of codes inside a code item (PS3.3 10.5)
_FORMS = {"SCT": re.compile(r"[1-9]\d{5,17}"), "ICDO3": re.compile(r"\d{4}/\d|C\d\d(\.\d)?|T-[0-9A-F]{5}")}
_VERSION = re.compile(rb"[0-9.]{1,16}")
_PRODUCT = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
            "5987604321", "6598710432", "7659821043", "8765932104", "9876543210")  # fmt: skip
_SHIFT = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def meaning_of(scheme: str, value: str) -> str | None:
    """What a code means, in the vocabulary's words; the code itself if only its form is known; None if neither."""
    known = code_table().meaning(scheme, value)
    if known is not None:
        return known.encode("ascii", "ignore").decode("ascii")[:64]
    form = _FORMS.get(scheme)
    if form is None or not form.fullmatch(value) or (scheme == "SCT" and not _checks(value)):
        return None
    return value


def _checks(number: str) -> bool:
    """Whether a SNOMED CT identifier is one: of a concept, its check digit right (Verhoeff)."""
    if number[-3:-1] not in ("00", "10"):
        return False
    digit = 0
    for place, each in enumerate(reversed(number)):
        digit = int(_PRODUCT[digit][int(_SHIFT[place % 8][int(each)])])
    return digit == 0


@lru_cache(maxsize=4096)
def clean_code(item: bytes, encoding: Encoding) -> bytes | None:
    """The content of a code item rebuilt, or None to leave the item out. Raises DicomError."""
    found = {element.tag: element for element in elements(item, encoding)}
    value, scheme, version = (_text(item, found.get(tag)) for tag in (CODE_VALUE, SCHEME, VERSION))
    meaning = meaning_of(scheme.decode("latin-1"), value.decode("latin-1"))
    if meaning is None:
        return None
    parts = [(CODE_VALUE, b"SH", value), (SCHEME, b"SH", scheme)]
    if _VERSION.fullmatch(version):
        parts.append((VERSION, b"SH", version))
    parts.append((MEANING, b"LO", meaning.encode("ascii")))
    new = b"".join(encoded(tag, vr, text, encoding) for tag, vr, text in parts)
    for tag in sorted(MODIFIERS & found.keys()):
        content = item[found[tag].value_start : found[tag].end]
        new += encoded(tag, b"SQ", clean_codes(content, encoding), encoding)
    return new


@lru_cache(maxsize=4096)
def clean_codes(content: bytes, encoding: Encoding) -> bytes:
    """The items of a sequence of codes, rebuilt; those that cannot be answered for are left out.

    `content` is the sequence's value, its delimiter included if it has one. Raises DicomError.
    """
    sequence = Element(0, b"SQ", 0, 0, len(content), len(content))
    rebuilt = (clean_code(content[start:stop], encoding) for start, stop in items(content, sequence, encoding))
    return b"".join(encoded_item(each, encoding) for each in rebuilt if each is not None)


def _text(item: bytes, element: Element | None) -> bytes:
    return item[element.value_start : element.end].strip(b"\0 ") if element else b""
