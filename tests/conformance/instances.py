"""WADO-RS: instances as they are, one or all of a series or study (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

from io import BytesIO

import pydicom

from tests.conformance.checks import Transaction
from tests.conformance.parts import Part, is_multipart, kind_of, media_type, parts
from tests.conformance.service import DICOM, DICOMS, INSTANCE, Image, Service, first
from tests.conformance.verdicts import DoesNotApply, expect

INSTANCES = Transaction("Retrieve: instances")
EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
NATIVE = (EXPLICIT, IMPLICIT, BIG, "1.2.840.10008.1.2.1.99")
LOSSY = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 81, 91, 203))
OTHER = ("1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5")


def _dataset(body: bytes) -> pydicom.Dataset:
    expect(body[128:132] == b"DICM", "an instance is no file of PS3.10")
    return pydicom.dcmread(BytesIO(body))


def _names(dataset: pydicom.Dataset) -> tuple[str, str, str]:
    return str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), str(dataset.SOPInstanceUID)


def _told_truly(kind: str, dataset: pydicom.Dataset) -> None:
    """The transfer syntax of a Content-Type, if it has one, is that of the file."""
    told = media_type(kind).get_param("transfer-syntax")
    expect(told in (None, str(dataset.file_meta.TransferSyntaxUID)), "Content-Type tells another transfer syntax")


@INSTANCES.check("10.4.4", "an instance comes as one application/dicom, a file of PS3.10")
def _(service: Service) -> None:
    for image in service.images[:3]:
        answer = service.get(image.path, f"{DICOM}; transfer-syntax=*")
        expect(kind_of(answer) == DICOM, f"it comes as {kind_of(answer)}")
        dataset = _dataset(answer.content)
        expect(_names(dataset) == (image.study, image.series, image.uid), "it is another instance")
        _told_truly(answer.headers["content-type"], dataset)


@INSTANCES.check("8.7.9", "the Content-Type of one application/dicom tells its transfer syntax")
def _(service: Service) -> None:
    answer = service.get(service.image.path, f"{DICOM}; transfer-syntax=*")
    syntax = str(_dataset(answer.content).file_meta.TransferSyntaxUID)
    told = media_type(answer.headers["content-type"]).get_param("transfer-syntax")
    expect(told == syntax, f"it tells {told} for {syntax}")


@INSTANCES.check("10.4.4", 'an instance comes as multipart/related; type="application/dicom"')
def _(service: Service) -> None:
    (part,) = parts(service.get(service.image.path, f"{DICOMS}; transfer-syntax=*"))
    expect(_names(_dataset(part.body))[2] == service.image.uid, "it is another instance")


@INSTANCES.check("8.7.8.1", "an instance comes as DICOM where anything is accepted")
def _(service: Service) -> None:
    for accept in ("", "*/*", f"text/html, {DICOM};q=0.2"):
        answer = service.get(service.image.path, accept)
        body = parts(answer)[0].body if is_multipart(answer) else answer.content
        expect(_names(_dataset(body))[2] == service.image.uid, f"Accept: {accept} gives another instance")


def _all(service: Service, path: str) -> list[Part]:
    found = parts(service.get(path, f"{DICOMS}; transfer-syntax=*"))
    wanted = sorted(str(first(each, INSTANCE)) for each in service.found(f"{path}/instances"))
    expect(sorted(_names(_dataset(each.body))[2] for each in found) == wanted, "other instances than a search finds")
    return found


@INSTANCES.check("10.4.1.1.1", "a series and a study come whole, with a part for each instance")
def _(service: Service) -> None:
    _all(service, service.image.of_series)
    _all(service, service.image.of_study)


@INSTANCES.check("8.7.3.5.2", "each part of application/dicom tells its own transfer syntax")
def _(service: Service) -> None:
    for part in _all(service, service.image.of_series):
        dataset = _dataset(part.body)
        told = part.parameter("transfer-syntax")
        syntax = str(dataset.file_meta.TransferSyntaxUID)
        expect(told == syntax, f"a part tells {told or 'nothing'} for {syntax}")


@INSTANCES.check("10.4.4", "one application/dicom alone is not acceptable for a series or a study")
def _(service: Service) -> None:
    for path in (service.image.of_series, service.image.of_study):
        service.refuses(path, (406,), DICOM)


@INSTANCES.check("8.7.3.5.2", "the transfer syntax that an instance has is given where it is asked for")
def _(service: Service) -> None:
    for image in service.images[:3]:
        syntax = service.syntax_of(image)
        for kind in (DICOM, DICOMS):
            answer = service.get(image.path, f"{kind}; transfer-syntax={syntax}")
            body = parts(answer)[0].body if is_multipart(answer) else answer.content
            expect(str(_dataset(body).file_meta.TransferSyntaxUID) == syntax, "it comes in another one")


@INSTANCES.check("8.7.8.2", "another transfer syntax is given, or answered with 406; never is one taken for another")
def _(service: Service) -> None:
    image = service.image
    for syntax in (EXPLICIT, *OTHER, "1.2.3.4"):
        answer = service.ask(image.path, f"{DICOM}; transfer-syntax={syntax}")
        expect(answer.status_code in (200, 406), f"{syntax} gives {answer.status_code}")
        if answer.status_code == 200:
            given = str(_dataset(answer.content).file_meta.TransferSyntaxUID)
            expect(given == syntax, f"{syntax} gives {given}")
    service.refuses(image.path, (406,), f"{DICOM}; transfer-syntax=1.2.3.4")


@INSTANCES.check("8.7.3.5.2", "of several transfer syntaxes one that can be had is given")
def _(service: Service) -> None:
    syntax = service.syntax_of(service.image)
    accept = f"{DICOM}; transfer-syntax=1.2.3.4, {DICOM}; transfer-syntax={syntax}"
    given = str(_dataset(service.get(service.image.path, accept).content).file_meta.TransferSyntaxUID)
    expect(given == syntax, f"{given} is given")


def _by_default(service: Service, image: Image) -> str:
    answer = service.ask(image.path, DICOM)
    if answer.status_code == 406:
        return EXPLICIT  # it says that it cannot
    expect(answer.status_code == 200, f"{DICOM} gives {answer.status_code}")
    return str(_dataset(answer.content).file_meta.TransferSyntaxUID)


@INSTANCES.check("8.7.3", "without a transfer syntax asked for, images that are lossy come as they are or explicit")
def _(service: Service) -> None:
    image = service.image_of(LOSSY)
    given = _by_default(service, image)
    expect(given in (EXPLICIT, service.syntax_of(image)), f"it comes in {given}")


@INSTANCES.check("8.7.3", "without a transfer syntax asked for, native images come in explicit little endian")
def _(service: Service) -> None:
    given = _by_default(service, service.image_of(NATIVE))
    expect(given == EXPLICIT, f"it comes in {given}")


@INSTANCES.check("8.7.3", "without a transfer syntax asked for, images compressed without loss come in explicit")
def _(service: Service) -> None:
    for image in service.images:
        if service.syntax_of(image) not in (*LOSSY, *NATIVE):
            given = _by_default(service, image)
            expect(given == EXPLICIT, f"it comes in {given}")
            return
    raise DoesNotApply("no image is compressed without loss")


@INSTANCES.check("8.7.3", "nothing comes in implicit or big endian, which are not for the web")
def _(service: Service) -> None:
    for image in service.images:
        given = service.syntax_of(image)
        expect(given not in (IMPLICIT, BIG), f"an instance comes in {given}")


@INSTANCES.check("10.4.4", "application/octet-stream of an instance, kept for old clients, is its bulk data or 406")
def _(service: Service) -> None:
    answer = service.ask(service.image.path, 'multipart/related; type="application/octet-stream"')
    expect(answer.status_code in (200, 406), f"it gives {answer.status_code}")
    if answer.status_code == 200:
        expect(all(each.headers.get("content-location") for each in parts(answer)), "a part has no Content-Location")
