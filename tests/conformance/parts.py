"""multipart/related, read strictly (RFC 2046 5.1, RFC 2387, PS3.18 8.6.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

import httpx

from tests.conformance.verdicts import expect


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its header fields by small letters, its body."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Its media type without parameters."""
        return media_type(self.headers.get("content-type", "")).get_content_type()

    def parameter(self, name: str) -> str:
        """A parameter of its media type; empty if it is not there."""
        return str(media_type(self.headers.get("content-type", "")).get_param(name) or "")


def media_type(text: str) -> Message:
    """A Content-Type, to be asked for its type and parameters."""
    told = Message()
    told["Content-Type"] = text
    return told


def kind_of(answer: httpx.Response) -> str:
    """The media type of an answer without parameters."""
    return media_type(answer.headers.get("content-type", "")).get_content_type()


def is_multipart(answer: httpx.Response) -> bool:
    """Whether it is in parts."""
    return kind_of(answer) == "multipart/related"


def parts(answer: httpx.Response) -> list[Part]:
    """The parts of an answer. Raises Differs for one that is not put together as it should be."""
    told = media_type(answer.headers.get("content-type", ""))
    expect(told.get_content_type() == "multipart/related", f"the answer is {told.get_content_type()}, not in parts")
    boundary, kind = told.get_param("boundary"), told.get_param("type")
    expect(isinstance(boundary, str) and boundary, "no boundary in Content-Type")
    expect(isinstance(kind, str) and kind, "no type in Content-Type")
    mark = b"--" + str(boundary).encode("ascii")
    whole = b"\r\n" + answer.content
    begin, *found = whole.split(b"\r\n" + mark)
    expect(found, "no boundary in the body")
    expect(b"\r\n--" not in begin.removeprefix(b"\r\n"), "something that looks like a boundary before the first one")
    expect(found[-1].rstrip(b" \t\r\n") == b"--", "no boundary that closes the body")
    read = [_part(each) for each in found[:-1]]
    for each in read:
        expect(each.kind == str(kind).partition(";")[0].strip().lower(), f"a part is {each.kind}, the whole {kind}")
    return read


def _part(text: bytes) -> Part:
    expect(text.lstrip(b" \t").startswith(b"\r\n"), "something stands behind a boundary")
    head, end, body = text.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
    expect(end, "a part has no empty line behind its header")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        expect(colon and "\n" not in line, "a line in the header of a part is no header field")
        headers[name.strip().lower()] = value.strip()
    expect("content-type" in headers, "a part has no Content-Type")
    if "content-length" in headers:
        expect(int(headers["content-length"]) == len(body), "a part has another length than it says")
    return Part(headers, body)
