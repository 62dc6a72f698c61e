"""Metadata as JSON and as XML, and the binary values that it leaves out."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from xml.etree import ElementTree

import pytest
from pydicom.datadict import tag_for_keyword

from gateway.release import bulk, colour
from gateway.release.native import NATIVE_NAMESPACE, document
from tests.release.builders import World, at, events
from tests.release.test_frames import parts, sparse

XML = 'multipart/related; type="application/dicom+xml"'
ICC = "00480105/1/00282000"
NUMBERS = {"US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"}


def read_back(parent: ElementTree.Element) -> dict[str, Any]:
    """The native model as DICOM JSON, read by the letter of PS3.19 A.1."""
    told: dict[str, Any] = {}
    for attribute in parent:
        assert attribute.tag == f"{{{NATIVE_NAMESPACE}}}DicomAttribute"
        element: dict[str, Any] = {"vr": attribute.attrib["vr"]}
        if "keyword" in attribute.attrib:
            assert tag_for_keyword(attribute.attrib["keyword"]) == int(attribute.attrib["tag"], 16)
        for number, child in enumerate(attribute, 1):
            kind = child.tag.removeprefix(f"{{{NATIVE_NAMESPACE}}}")
            if kind == "InlineBinary":
                element["InlineBinary"] = child.text
                continue
            if kind == "BulkData":
                element["BulkDataURI"] = child.attrib["uri"]
                continue
            assert child.attrib["number"] == str(number)
            element.setdefault("Value", []).append(value_of(kind, attribute.attrib["vr"], child))
        told[attribute.attrib["tag"]] = element
    return told


def value_of(kind: str, vr: str, child: ElementTree.Element) -> Any:
    if kind == "Item":
        return read_back(child)
    if kind == "PersonName":
        parts = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
        return {
            group.tag.partition("}")[2]: "^".join(
                group.findtext(f"{{{NATIVE_NAMESPACE}}}{part}") or "" for part in parts
            ).rstrip("^")
            for group in child
        }
    assert kind == "Value"
    text = child.text or ""
    if vr in NUMBERS or vr in ("DS", "IS"):
        return float(text)
    return text


def as_numbers(told: Any, vr: str = "") -> Any:
    """JSON with all numbers as floats, as XML cannot tell them apart."""
    if isinstance(told, dict) and "vr" in told:
        values = {"Value": [as_numbers(each, told["vr"]) for each in told.get("Value") or ()]}
        return {name: each for name, each in (told | values).items() if each != []}  # an empty value is none
    if isinstance(told, dict):
        return {tag: as_numbers(each) if isinstance(each, dict) else each for tag, each in told.items()}
    return float(told) if vr in NUMBERS or vr in ("DS", "IS") else told


def test_xml_says_what_json_says(world: World) -> None:
    for entry in (world.biggest(), sparse(world)):
        told = world.get(at(entry, "/metadata")).json[0]
        ((kind, body),) = parts(world.get(at(entry, "/metadata"), Accept=XML))
        assert kind == "application/dicom+xml"
        assert read_back(ElementTree.fromstring(body)) == as_numbers(told)


@pytest.mark.parametrize("level", ["/studies/{0}", "/studies/{0}/series/{1}"])
def test_a_study_and_a_series_have_one_part_for_each_instance(world: World, level: str) -> None:
    entry = world.biggest()
    path = level.format(entry.study_uid, entry.series_uid) + "/metadata"
    told = world.get(path).json
    read = [read_back(ElementTree.fromstring(body)) for _, body in parts(world.get(path, Accept=XML))]
    assert [each["00080018"] for each in read] == [each["00080018"] for each in told]
    assert len(told) == len([each for each in world.released() if each.series_uid == entry.series_uid]) > 1


def test_results_of_searches_come_as_xml_too(world: World) -> None:
    told = world.get("/series").json
    read = [read_back(ElementTree.fromstring(body)) for _, body in parts(world.get("/series", Accept=XML))]
    assert read == [as_numbers(each) for each in told]


def test_what_is_no_media_type_of_attributes_is_not_acceptable_and_opens_no_lease(world: World) -> None:
    for path in (at(world.biggest(), "/metadata"), "/studies"):
        assert world.get(path, Accept="text/html").status_code == 406
    assert events("release.read.opened") == []


def test_names_private_elements_and_odd_characters_are_told_as_the_standard_says() -> None:
    told = {
        "00090010": {"vr": "LO", "Value": ["ACME <1>"]},
        "00091042": {"vr": "LO", "Value": ["a\x0bb", "&"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小東"}]},
        "00100020": {"vr": "LO"},
        "00081140": {"vr": "SQ", "Value": [{}, {"00081155": {"vr": "UI", "Value": ["1.2"]}}]},
        "00181041": {"vr": "DS", "Value": [1.5, None, 3]},
    }
    root = ElementTree.fromstring(document(told))
    by_tag = {each.attrib["tag"]: each for each in root}
    assert by_tag["00090042"].attrib["privateCreator"] == "ACME <1>"
    assert [each.text for each in by_tag["00090042"]] == ["a\ufffdb", "&"]
    name = by_tag["00100010"][0]
    assert [(each.tag.partition("}")[2], [part.text for part in each]) for each in name] == [
        ("Alphabetic", ["Wang", "XiaoDong"]), ("Ideographic", ["王", "小東"])
    ]  # fmt: skip
    assert len(by_tag["00100020"]) == 0
    assert [len(item) for item in by_tag["00081140"]] == [0, 1]
    assert [(each.attrib["number"], each.text) for each in by_tag["00181041"]] == [("1", "1.5"), ("3", "3")]


def test_a_large_value_is_given_by_an_address_that_leads_to_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = at(world.biggest(), "/metadata")
    whole = world.get(path).json[0]
    monkeypatch.setattr(bulk, "INLINE", 100)
    told = world.get(path).json[0]
    item = told["00480105"]["Value"][0]["00282000"]
    assert item.keys() == {"vr", "BulkDataURI"}
    url = item["BulkDataURI"].removeprefix("http://127.0.0.1:8000")
    answer = world.get(url, Accept="application/octet-stream")
    assert answer.data == colour.profile_of(whole)
    ((kind, body),) = parts(world.get(url, Accept='multipart/related; type="application/octet-stream"'))
    assert (kind, body) == ("application/octet-stream", answer.data)
    told["00480105"]["Value"][0]["00282000"] = {"vr": "OB", "InlineBinary": b64encode(body).decode()}
    assert told == whole


def test_every_binary_value_of_a_series_comes_with_its_address(world: World) -> None:
    entry = world.biggest()
    answer = world.get(f"/studies/{entry.study_uid}/series/{entry.series_uid}/bulkdata", Accept="*/*")
    found = [each for each in world.released() if each.series_uid == entry.series_uid]
    for each in found:
        location = f"Content-Location: http://127.0.0.1:8000{world.root}{at(each, '/bulkdata/')}{ICC}"
        assert location.encode() in answer.data
    assert len(parts(answer)) >= len(found)
    assert [event.detail["how"] for event in events("release.read.opened")] == ["metadata"] * len(found)


@pytest.mark.parametrize(
    "reference",
    ["00100010", "7FE00010", "00480105", "00480105/0/00282000", "00480105/2/00282000", "00480105/1", "x", "..%2f..",
     "00480105/1/00282000/1/00282000", "00480105//00282000", "0" * 500],
)  # fmt: skip
def test_what_is_no_binary_value_is_not_there(world: World, reference: str) -> None:
    answer = world.get(at(world.biggest(), f"/bulkdata/{reference}"))
    assert answer.status_code == 404


def test_pictures_of_a_series_are_those_of_its_instances(world: World) -> None:
    entry = world.biggest()
    found = [each for each in world.released() if each.series_uid == entry.series_uid]
    for place in (f"/studies/{entry.study_uid}", f"/studies/{entry.study_uid}/series/{entry.series_uid}"):
        answer = world.get(f"{place}/rendered", Accept='multipart/related; type="image/jpeg"')
        expected = [world.get(at(each, "/frames/1/rendered"), Accept="image/jpeg").data for each in found]
        assert [body for _, body in parts(answer)] == expected
        assert world.get(f"{place}/thumbnail", Accept="image/jpeg").data[:3] == b"\xff\xd8\xff"
