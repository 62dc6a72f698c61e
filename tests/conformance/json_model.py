"""The DICOM JSON model, checked by the letter (PS3.18 F.2)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from tests.conformance.verdicts import Differs

STRINGS = frozenset(("AE", "AS", "AT", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT"))
NUMBERS = frozenset(("FL", "FD", "SL", "SS", "UL", "US"))
EITHER = frozenset(("DS", "IS", "SV", "UV"))
BINARY = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
BULK = BINARY | NUMBERS | EITHER | {"LT", "ST", "UC", "UT"}
NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
FORMS = {
    "DA": re.compile(r"\d{8}"), "UI": re.compile(r"[0-9.]{1,64}"), "AT": re.compile(r"[0-9A-F]{8}"),
    "TM": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
}  # fmt: skip


def well_formed(told: Any) -> None:
    """Raises Differs with the first fault of a JSON model object."""
    for fault in _faults(told):
        raise Differs(fault)


def _faults(told: Any) -> Iterator[str]:
    if not isinstance(told, dict):
        yield "a data set is no object (F.2.2)"
        return
    if list(told) != sorted(told):
        yield "attributes are not in ascending order (F.2.2)"
    for tag, element in told.items():
        if not re.fullmatch(r"[0-9A-F]{8}", tag):
            yield f"{tag} is not eight upper-case hexadecimal digits (F.2.2)"
        elif tag.endswith("0000"):
            yield f"{tag} is a group length (F.2.2)"
        else:
            yield from _faults_of(tag, element)


def _faults_of(tag: str, element: Any) -> Iterator[str]:
    if not isinstance(element, dict) or not isinstance(element.get("vr"), str):
        yield f"{tag} has no vr (F.2.2)"
        return
    vr, has = element["vr"], set(element) - {"vr"}
    if vr not in STRINGS | NUMBERS | EITHER | BINARY | {"PN", "SQ"}:
        yield f"{tag} has the vr {vr} (F.2.3)"
    if len(has) > 1 or has - {"Value", "BulkDataURI", "InlineBinary"}:
        yield f"{tag} has more than one of Value, BulkDataURI and InlineBinary, or something else (F.2.2)"
    if "BulkDataURI" in element and (vr not in BULK or not isinstance(element["BulkDataURI"], str)):
        yield f"{tag} of vr {vr} has a BulkDataURI (F.2.2)"
    if "InlineBinary" in element and not (vr in BINARY and _is_base64(element["InlineBinary"])):
        yield f"{tag} of vr {vr} has an InlineBinary, or one that is not base64 (F.2.7)"
    if "Value" in element:
        yield from _faults_of_values(tag, vr, element["Value"])


def _is_base64(text: Any) -> bool:
    try:
        return isinstance(text, str) and b64decode(text, validate=True) is not None
    except binascii.Error:
        return False


def _faults_of_values(tag: str, vr: str, values: Any) -> Iterator[str]:
    if not isinstance(values, list) or not values:
        yield f"{tag} has a Value that is no array, or an empty one (F.2.2, F.2.5)"
        return
    for value in values:
        if vr == "SQ":
            yield from _faults(value)
        elif value is not None and not _fits(vr, value):
            yield f"{tag} of vr {vr} has a value of another kind (F.2.3)"


def _fits(vr: str, value: Any) -> bool:
    if vr == "PN":
        return isinstance(value, dict) and set(value) <= set(NAME_GROUPS) and all(map(_is_text, value.values()))
    if vr in BINARY:
        return False
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if vr in NUMBERS:
        return number
    if vr in EITHER:
        return number or isinstance(value, str)
    return isinstance(value, str) and (vr not in FORMS or FORMS[vr].fullmatch(value) is not None)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
