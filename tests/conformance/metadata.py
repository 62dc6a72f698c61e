"""WADO-RS: metadata as JSON and as XML, and the bulk data that it leaves out (PS3.18 10.4.1.1.2 and 10.4.1.1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.conformance import json_model, xml_model
from tests.conformance.checks import Transaction
from tests.conformance.parts import kind_of, parts
from tests.conformance.service import DICOM, INSTANCE, JSON, XML, Service, Told, first
from tests.conformance.verdicts import Differs, DoesNotApply, expect

METADATA = Transaction("Retrieve: metadata")
BULKDATA = Transaction("Retrieve: bulk data")
PIXELS = ("7FE00008", "7FE00009", "7FE00010")
OFFSETS = ("7FE00001", "7FE00002")
ADDED = frozenset(("00083002", "00080056", "00081190", "00083001"))  # what a service may tell beside the instance
OCTETS = "application/octet-stream"


def places(service: Service) -> tuple[str, str, str]:
    """The paths of an instance, its series and its study."""
    return service.image.path, service.image.of_series, service.image.of_study


@METADATA.check("10.4.1.1.2", "of an instance, a series and a study it comes as one array, with an object for each")
def _(service: Service) -> None:
    for path in places(service):
        told = service.found(f"{path}/metadata")
        names = sorted(str(first(each, INSTANCE)) for each in told)
        wanted = [service.image.uid]
        if path != service.image.path:
            wanted = sorted(str(first(each, INSTANCE)) for each in service.found(f"{path}/instances"))
        expect(names == wanted, "other instances than a search finds")


@METADATA.check("10.4.4", "it is application/dicom+json where nothing is asked for")
def _(service: Service) -> None:
    for accept in ("", "*/*", JSON, f"{JSON}; charset=utf-8"):
        expect(kind_of(service.get(f"{service.image.path}/metadata", accept)) == JSON, f"Accept: {accept}")


@METADATA.check("F.2.2", "it is well-formed: names, order, vr, one kind of value, empty ones without")
def _(service: Service) -> None:
    for image in service.images[:8]:
        for told in service.found(f"{image.path}/metadata"):
            json_model.well_formed(told)


@METADATA.check("10.4.1.1.2", "it has no file meta information")
def _(service: Service) -> None:
    for told in service.found(f"{service.image.of_series}/metadata"):
        expect(not [tag for tag in told if tag.startswith("0002")], "attributes of group 0002")


@METADATA.check("10.4.3.3.2", "it has all attributes of the instance but pixel data, and no others")
def _(service: Service) -> None:
    for image in service.images[:4]:
        (told,) = service.found(f"{image.path}/metadata")
        own = {f"{element.tag:08X}" for element in service.dataset(image.path) if element.tag.element}
        missing = own - set(told) - {*PIXELS, *OFFSETS}
        expect(not missing, f"{', '.join(sorted(missing)[:5])} are left out")
        more = set(told) - own - ADDED
        expect(not more, f"{', '.join(sorted(more)[:5])} are not in the instance")


@METADATA.check("10.4.3.3.2", "it has the pixel data by address")
def _(service: Service) -> None:
    (told,) = service.found(f"{service.image.path}/metadata")
    expect(any("BulkDataURI" in told.get(tag, {}) for tag in PIXELS), "pixel data are not named")


@METADATA.check("10.4.4", 'it also comes as multipart/related; type="application/dicom+xml", as PS3.19 A.1 has it')
def _(service: Service) -> None:
    for path in places(service):
        told = {str(first(each, INSTANCE)): each for each in service.found(f"{path}/metadata")}
        found = parts(service.get(f"{path}/metadata", XML))
        expect(len(found) == len(told), f"{len(found)} parts for {len(told)} instances")
        for each in found:
            root = xml_model.read(each.body)
            (uid,) = (a[0].text for a in root if a.get("tag") == INSTANCE)
            xml_model.same_attributes(root, told[str(uid)])


@METADATA.check("8.7.8.1", "XML in one part is not given as JSON or in parts")
def _(service: Service) -> None:
    answer = service.ask(f"{service.image.path}/metadata", "application/dicom+xml")
    expect(answer.status_code == 406 or kind_of(answer) == "application/dicom+xml", f"it comes as {kind_of(answer)}")


@METADATA.check("8.7.8.1", "what it cannot be given as is answered with 406")
def _(service: Service) -> None:
    for accept in ("text/html", DICOM, "image/jpeg", f"{JSON};q=0"):
        service.refuses(f"{service.image.path}/metadata", (406,), accept)


def _by_address(told: Told) -> Iterator[str]:
    for tag, element in told.items():
        if "BulkDataURI" in element and tag not in PIXELS:
            yield str(element["BulkDataURI"])
        elif element.get("vr") == "SQ":
            for item in element.get("Value") or ():
                yield from _by_address(item)


def _below(service: Service, address: str) -> str:
    """The path below the root of an address, whatever host it names. Raises Differs if it lies elsewhere."""
    _, found, rest = urlsplit(address).path.partition("/studies/")
    if not found:
        raise Differs("an address of bulk data lies outside of the studies")
    return f"/studies/{rest}"


@BULKDATA.check("F.2.6", "each BulkDataURI of metadata leads to its value")
def _(service: Service) -> None:
    asked = False
    for image in service.images[:8]:
        for told in service.found(f"{image.path}/metadata"):
            for address in _by_address(told):
                asked = True
                answer = service.get(_below(service, address), OCTETS)
                expect(kind_of(answer) == OCTETS and answer.content, f"it comes as {kind_of(answer)}")
    if not asked:
        raise DoesNotApply("no value is given by address")


def _whole(service: Service) -> tuple[str, list]:  # type: ignore[type-arg]
    """The bulk data of an instance that has some: its path, and the parts."""
    for image in service.images[:8]:
        answer = service.ask(f"{image.path}/bulkdata", f'multipart/related; type="{OCTETS}"')
        if answer.status_code == 200:
            return image.path, parts(answer)
    raise DoesNotApply("no instance gives its bulk data as a whole")


@BULKDATA.check("10.4.1.1.5", "the bulk data of an instance come in parts, each with its Content-Location")
def _(service: Service) -> None:
    path, found = _whole(service)
    for part in found:
        location = part.headers.get("content-location", "")
        expect(urlsplit(location).scheme in ("http", "https"), "a part has no Content-Location, or no absolute one")
        expect(_below(service, location).startswith(path), "a Content-Location lies outside of the instance")


@BULKDATA.check("10.4.1.1.5", "each Content-Location gives the same bytes, in one part or as multipart")
def _(service: Service) -> None:
    _path, found = _whole(service)
    for part in found[:3]:
        address = _below(service, part.headers["content-location"])
        expect(service.get(address, OCTETS).content == part.body, "other bytes in one part")
        (same,) = parts(service.get(address, f'multipart/related; type="{OCTETS}"'))
        expect(same.body == part.body, "other bytes as multipart")


@BULKDATA.check("10.4.1.1.5", "the bulk data of a series and a study hold those of their instances")
def _(service: Service) -> None:
    path, found = _whole(service)
    series = path.partition("/instances/")[0]
    for above in (series, series.partition("/series/")[0]):
        bodies = [each.body for each in parts(service.get(f"{above}/bulkdata", f'multipart/related; type="{OCTETS}"'))]
        expect(all(each.body in bodies for each in found), "some are left out")


@BULKDATA.check("10.4.3.1", "bulk data that are not there are answered with 404, and no picture is made of them")
def _(service: Service) -> None:
    service.refuses(f"{service.image.path}/bulkdata/00091001", (404,), OCTETS)
    service.refuses(f"{service.image.path}/bulkdata", (404, 406), "image/png")


@BULKDATA.check("10.4.1.1.6", "pixel data come whole, at /pixeldata")
def _(service: Service) -> None:
    service.get(f"{service.image.path}/pixeldata", f'multipart/related; type="{OCTETS}"; transfer-syntax=*')
