"""How the media type of an answer is chosen (PS3.18 8.3.3.1 and 8.7, RFC 9110 12.5.1)."""

from __future__ import annotations

from urllib.parse import quote

from tests.conformance.checks import Transaction
from tests.conformance.parts import kind_of, parts
from tests.conformance.service import DICOM, JSON, XML, Service
from tests.conformance.verdicts import expect

NEGOTIATING = Transaction("Content negotiation")


def _given(service: Service, accept: str, query: str = "") -> str:
    answer = service.get(f"{service.image.path}/metadata{query}", accept)
    if kind_of(answer) == "multipart/related":
        return parts(answer)[0].kind
    return kind_of(answer)


XML_PART = "application/dicom+xml"


@NEGOTIATING.check("8.7.8.1", "of two media types the one of the higher quality is given")
def _(service: Service) -> None:
    for accept, wanted in ((f"{JSON};q=0.1, {XML};q=0.9", XML_PART), (f"{JSON};q=0.9, {XML};q=0.1", JSON),
                           (f"{XML};q=0.5, {JSON}", JSON), (f"text/html, {XML};q=0.1", XML_PART)):  # fmt: skip
        expect(_given(service, accept) == wanted, f"{accept} gives {_given(service, accept)}")


@NEGOTIATING.check("RFC 9110 12.5.1", "the closest range decides, and a quality of 0 is a no")
def _(service: Service) -> None:
    expect(_given(service, f"{JSON};q=0, {XML}") == XML_PART, "JSON is given in spite of q=0")
    expect(_given(service, f"{JSON};q=0.1, {XML};q=0.5, */*;q=0.05") == XML_PART, "*/* decides over closer ranges")
    service.refuses(f"{service.image.path}/metadata", (406,), f"{JSON};q=0, application/json;q=0, {XML};q=0")


@NEGOTIATING.check("8.7", "names of types are read in small letters and capitals, quoted or not")
def _(service: Service) -> None:
    for accept in (XML.replace("application", "Application").replace("multipart", "MULTIPART"), XML.replace('"', ""),
                   XML.replace("; ", ";"), XML.replace("type=", "TYPE=")):  # fmt: skip
        expect(_given(service, accept) == XML_PART, f"{accept} gives {_given(service, accept)}")
    expect(_given(service, JSON.upper()) == JSON, f"{JSON.upper()} is not known")


@NEGOTIATING.check("8.3.3.1", "the accept parameter of the query counts before the header")
def _(service: Service) -> None:
    for asked, header, wanted in (
        (JSON, XML, JSON),
        (XML, JSON, XML_PART),
        (XML, "*/*", XML_PART),
        (XML, "", XML_PART),
    ):
        given = _given(service, header, f"?accept={quote(asked)}")
        expect(given == wanted, f"accept={asked} beside {header} gives {given}")


@NEGOTIATING.check("8.7.8.1", "where nothing of the accept parameter can be had, the header counts")
def _(service: Service) -> None:
    expect(_given(service, XML, "?accept=image/gif") == XML_PART, "the header is not heard")
    service.refuses(f"{service.image.path}/metadata?accept=image/gif", (406,), "image/gif")


@NEGOTIATING.check("8.3.3.1", "the accept parameter chooses instances, frames and pictures, too")
def _(service: Service) -> None:
    image = service.image
    for path, asked in ((image.path, f"{DICOM}; transfer-syntax=*"), (f"{image.path}/rendered", "image/png"),
                        (f"{image.path}/frames/1", "application/octet-stream; transfer-syntax=*")):  # fmt: skip
        answer = service.get(f"{path}?accept={quote(asked)}", "*/*")
        expect(kind_of(answer) == asked.partition(";")[0], f"accept={asked} gives {kind_of(answer)}")


@NEGOTIATING.check("8.3.3.2", "charset=utf-8 is taken")
def _(service: Service) -> None:
    service.get(f"{service.image.path}/metadata?charset=utf-8", JSON)
    service.get("/studies?charset=utf-8&limit=1", JSON)


@NEGOTIATING.check("8.8.2", "Accept-Charset: utf-8 is taken, and JSON is UTF-8")
def _(service: Service) -> None:
    service.get(f"{service.image.path}/metadata", JSON, Accept_Charset="utf-8").content.decode("utf-8")


@NEGOTIATING.check("8.7.8.1", "an Accept that cannot be read is no error of the service")
def _(service: Service) -> None:
    for accept in (";;;", "multipart/related; type=", "application/dicom+json;q=high", '"', 'a/b; c="'):
        service.refuses(f"{service.image.path}/metadata", (200, 400, 406), accept)
