"""DICOM JSON as the native DICOM model, in XML (PS3.19 A.1): what application/dicom+xml is."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from pydicom.datadict import keyword_for_tag

Told = dict[str, Any]

DICOM_XML = "application/dicom+xml"
NATIVE_NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
NAME_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")  # PS3.5 6.2.1.1
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 2.2


def document(told: Told) -> bytes:
    """One instance, or one result of a search, as an XML document."""
    root = Element("NativeDicomModel", {"xmlns": NATIVE_NAMESPACE, "xml:space": "preserve"})
    _fill(root, told)
    body: bytes = tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def _fill(parent: Element, told: Told) -> None:
    for tag, element in sorted(told.items()):
        attribute = SubElement(parent, "DicomAttribute", _named(tag, element["vr"], told))
        if "InlineBinary" in element:
            SubElement(attribute, "InlineBinary").text = element["InlineBinary"]
        elif "BulkDataURI" in element:
            SubElement(attribute, "BulkData", {"uri": element["BulkDataURI"]})
        for number, value in enumerate(element.get("Value") or (), 1):
            _value(attribute, element["vr"], number, value)


def _named(tag: str, vr: str, told: Told) -> dict[str, str]:
    """The attributes of an attribute; a private one is known by its creator, its block is nothing."""
    if int(tag[:4], 16) % 2 == 0:
        return {"tag": tag, "vr": vr, **({"keyword": name} if (name := keyword_for_tag(int(tag, 16))) else {})}
    creators = told.get(f"{tag[:4]}00{tag[4:6]}", {}).get("Value") or []
    if tag[4:6] == "00" or not creators:
        return {"tag": tag, "vr": vr}
    return {"tag": f"{tag[:4]}00{tag[6:]}", "vr": vr, "privateCreator": _text(creators[0])}


def _value(attribute: Element, vr: str, number: int, value: Any) -> None:
    numbered = {"number": str(number)}
    if vr == "SQ":
        _fill(SubElement(attribute, "Item", numbered), value or {})
    elif vr == "PN":
        person = SubElement(attribute, "PersonName", numbered)
        for group, name in (value or {}).items():
            parts = SubElement(person, group)
            for part, text in zip(NAME_PARTS, str(name).split("^"), strict=False):
                if text:
                    SubElement(parts, part).text = _text(text)
    elif value is not None:
        SubElement(attribute, "Value", numbered).text = _text(value)


def _text(value: Any) -> str:
    return FORBIDDEN.sub("�", str(value))
