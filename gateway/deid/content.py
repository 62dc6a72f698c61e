"""Items whose meaning decides: the coded steps of specimen preparation (PS3.15 E.3.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from pydicom.datadict import keyword_for_tag

from gateway.deid.marks import encoded
from gateway.deid.values import Patient
from gateway.dicom.elements import elements, items
from gateway.dicom.encoding import Encoding

VALUE_TYPE, CONCEPT_NAME, TEXT_VALUE, CONCEPT_CODE = 0x0040A040, 0x0040A043, 0x0040A160, 0x0040A168
CODE_VALUE = 0x00080100
CODED = frozenset((b"CODE", b"NUMERIC"))
NUMBERS = {  # concepts whose text is a number that pathology gave: what it numbers
    b"121041": "SpecimenIdentifier",
    b"111705": "SpecimenIdentifier",  # of the parent: the block
    b"111700": "container",
}

ItemCheck = Callable[[bytes, Encoding, bytes, Patient], bytes | None]


@lru_cache(maxsize=4096)
def keyword_of(tag: int) -> str:
    """PS3.6 keyword of a tag, empty if it has none."""
    return keyword_for_tag(tag)


def _value(item: bytes, tag: int, encoding: Encoding) -> bytes:
    for element in elements(item, encoding):
        if element.tag == tag:
            return item[element.value_start : element.end].strip(b"\0 ")
    return b""


@lru_cache(maxsize=4096)
def _told(item: bytes, encoding: Encoding) -> tuple[bytes, bytes, bytes]:
    """(value type, code of the concept name, text) of a content item."""
    return _value(item, VALUE_TYPE, encoding), _concept(item, encoding), _value(item, TEXT_VALUE, encoding)


@lru_cache(maxsize=4096)
def _left(item: bytes, encoding: Encoding) -> tuple[bool, bool]:
    """Whether a rewritten content item still has its concept name, and a code as its value."""
    return bool(_value(item, CONCEPT_NAME, encoding)), bool(_value(item, CONCEPT_CODE, encoding))


def _concept(item: bytes, encoding: Encoding) -> bytes:
    """The code value of a content item's concept name."""
    for element in elements(item, encoding):
        if element.tag == CONCEPT_NAME:
            for start, stop in items(item, element, encoding):
                return _value(item[start:stop], CODE_VALUE, encoding)
    return b""


def clean_content(new: bytes, encoding: Encoding, original: bytes, patient: Patient) -> bytes | None:
    """Coded and numeric items stay; specimen and block numbers become pseudonyms; other text, dates, names go."""
    named, coded = _left(new, encoding)
    if not named:
        return None  # nobody could say what the item speaks of
    kind_of_value, concept, text = _told(original, encoding)
    if kind_of_value in CODED:
        return new if kind_of_value != b"CODE" or coded else None
    kind = NUMBERS.get(concept)
    if kind is None or not text:
        return None
    number = text.decode("latin-1")
    pseudonym = patient.keys.pseudonym(kind, number)
    at = next((each.start for each in elements(new, encoding) if each.tag > TEXT_VALUE), len(new))
    return new[:at] + encoded(TEXT_VALUE, b"UT", pseudonym.encode("ascii"), encoding) + new[at:]


ITEM_CHECKS: Mapping[str, ItemCheck] = {"clean_content": clean_content}
