"""Items whose meaning decides: codes, and the coded steps of specimen preparation (PS3.15 E.3.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from pydicom.datadict import keyword_for_tag

from gateway.deid.marks import encoded
from gateway.deid.values import Patient
from gateway.dicom.elements import elements, items
from gateway.dicom.encoding import Encoding

VALUE_TYPE, CONCEPT_NAME, TEXT_VALUE = 0x0040A040, 0x0040A043, 0x0040A160
CODE_VALUE, CODING_SCHEME = 0x00080100, 0x00080102
SCHEMES = frozenset(
    b"DCM SCT SRT SNM3 UCUM LN ICDO3 ICD10 ICD-10 UMLS FMA NCIt MSH RADLEX ISO3166_1 CD99 PUBCHEM_CID GMDN".split()
)
CODED = frozenset((b"CODE", b"NUMERIC"))
SPECIMEN_NUMBERS = frozenset((b"121041", b"111705"))  # Specimen Identifier, Parent Specimen Identifier: block numbers

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


def _concept(item: bytes, encoding: Encoding) -> bytes:
    """The code value of a content item's concept name."""
    for element in elements(item, encoding):
        if element.tag == CONCEPT_NAME:
            for start, stop in items(item, element, encoding):
                return _value(item[start:stop], CODE_VALUE, encoding)
    return b""


def code_check(new: bytes, encoding: Encoding, original: bytes, patient: Patient) -> bytes | None:
    """The item, if its code is of a scheme that is the same everywhere; a site's own codes are left out."""
    return new if _value(original, CODING_SCHEME, encoding) in SCHEMES else None


def clean_content(new: bytes, encoding: Encoding, original: bytes, patient: Patient) -> bytes | None:
    """Coded and numeric items stay; specimen and block numbers become pseudonyms; other text, dates, names go."""
    if _value(original, VALUE_TYPE, encoding) in CODED:
        return new
    if _concept(original, encoding) not in SPECIMEN_NUMBERS:
        return None
    number = _value(original, TEXT_VALUE, encoding).decode("latin-1")
    pseudonym = patient.keys.pseudonym("SpecimenIdentifier", number)
    return new + encoded(TEXT_VALUE, b"UT", pseudonym.encode("ascii"), encoding)


ITEM_CHECKS: Mapping[str, ItemCheck] = {"code_check": code_check, "clean_content": clean_content}
