"""The native DICOM model in XML, checked by the letter (PS3.19 A.1), and beside its JSON."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from pydicom.datadict import keyword_for_tag

from tests.conformance.service import Told
from tests.conformance.verdicts import expect

NAMESPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
CHILDREN = frozenset(("Value", "PersonName", "Item", "InlineBinary", "BulkData"))
Tree = ElementTree.Element


def read(body: bytes) -> Tree:
    """The root of a document. Raises Differs for one that is not the native model."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as fault:
        root = None
        expect(False, f"the XML is not well-formed: {fault}")
    assert root is not None
    expect(root.tag == f"{NAMESPACE}NativeDicomModel", f"the root is {root.tag} (A.1.1)")
    _checked(root)
    return root


def _checked(parent: Tree) -> None:
    for attribute in parent:
        expect(attribute.tag == f"{NAMESPACE}DicomAttribute", f"{attribute.tag} is no DicomAttribute (A.1.5)")
        tag, vr = attribute.get("tag", ""), attribute.get("vr", "")
        expect(re.fullmatch(r"[0-9A-F]{8}", tag), f"{tag} is not eight upper-case hexadecimal digits (A.1.5)")
        expect(re.fullmatch(r"[A-Z]{2}", vr), f"{tag} has no vr (A.1.5)")
        if int(tag[:4], 16) % 2 == 0 and (keyword := keyword_for_tag(int(tag, 16))):
            expect(attribute.get("keyword") == keyword, f"{tag} has not its keyword (A.1.5)")
        names = [child.tag.removeprefix(NAMESPACE) for child in attribute]
        expect(set(names) <= CHILDREN and len(set(names)) <= 1, f"{tag} has children {set(names)} (A.1.5)")
        if names and names[0] in ("Value", "PersonName", "Item"):
            numbers = [child.get("number") for child in attribute]
            expect(numbers == [str(n + 1) for n in range(len(numbers))], f"values of {tag} are not numbered (A.1.5)")
        if names and names[0] == "BulkData":
            expect(attribute[0].get("uri") or attribute[0].get("uuid"), f"{tag} has bulk data nowhere (A.1.5)")
        for child in attribute:
            if child.tag == f"{NAMESPACE}Item":
                _checked(child)


def same_attributes(root: Tree, told: Told) -> None:
    """Raises Differs unless both models have the same attributes, of the same vr and as many values."""
    private = {tag for tag in told if int(tag[:4], 16) % 2}  # the native model writes their blocks another way
    read_here = {
        str(each.get("tag")): (each.get("vr"), len(each)) for each in root if int(str(each.get("tag"))[:4], 16) % 2 == 0
    }
    expected = {tag: (element["vr"], _count(element)) for tag, element in told.items() if tag not in private}
    differ = sorted(tag for tag in read_here.keys() | expected.keys() if read_here.get(tag) != expected.get(tag))
    expect(not differ, f"XML and JSON differ in {', '.join(differ[:5])}")


def _count(element: dict[str, Any]) -> int:
    if "InlineBinary" in element or "BulkDataURI" in element:
        return 1
    always = element["vr"] in ("PN", "SQ")
    return sum(always or value is not None for value in element.get("Value") or ())
