"""What DICOMweb answers have in common: what the caller accepts, and that nothing may be kept on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response, request

from gateway.dicom.rope import Literal, Rope
from gateway.release.accept import alone, choose, in_parts
from gateway.release.multipart import Part, related
from gateway.release.native import DICOM_XML, document
from gateway.settings import current

DICOM_JSON = "application/dicom+json"
PRIVATE = "private, no-store"


def accepted() -> list[str]:
    """The media types that the caller takes: those of its query parameter, then of the header (PS3.18 8.7.8.1)."""
    asked, header = request.args.get("accept"), request.headers.get("Accept", "")
    return [asked, *([header] if header else [])] if asked else [header]


def answer(body: bytes, media_type: str) -> Response:
    """A body that is at hand."""
    return Response(body, content_type=media_type, headers={"Cache-Control": PRIVATE})


def nothing() -> Response:
    """The answer to a search that has found nothing (PS3.18 10.6.3.1)."""
    return Response(status=204, headers={"Cache-Control": PRIVATE})


def parts(bodies: Iterable[tuple[bytes, str]], media_type: str) -> Response:
    """Bodies of one kind that are at hand, with their addresses or none, as multipart."""
    message = related([Part(media_type, Rope([Literal(body)]), location) for body, location in bodies], media_type)
    return answer(message.rope.read(0, message.rope.length), message.content_type)


def attributes_type() -> str:
    """What the caller takes attributes as (PS3.18 8.7.3.2). Raises NotAcceptable."""
    return choose(accepted(), [*alone(DICOM_JSON, "application/json"), *in_parts(DICOM_XML)]).media_type


def written(told: dict[str, Any], media_type: str) -> bytes:
    """The attributes of one instance or result."""
    if media_type == DICOM_XML:
        return document(told)
    return json.dumps(told, separators=(",", ":")).encode()


def attributes(bodies: Sequence[bytes], media_type: str) -> Response:
    """What `written` gave: one array of JSON, or XML with a part for each (PS3.18 10.4.4)."""
    if media_type == DICOM_XML:
        return parts(((body, "") for body in bodies), DICOM_XML)
    return answer(b"[" + b",".join(bodies) + b"]", media_type)


def root(release_id: str) -> str:
    """The address of a release's DICOMweb service, whatever host was asked."""
    return f"{current().base_url}/releases/{release_id}/dicomweb"


def address(release_id: str, study: str, series: str = "", uid: str = "") -> str:
    """The address of a study, series or instance, whatever host was asked."""
    levels = f"/studies/{study}" + (f"/series/{series}" if series else "") + (f"/instances/{uid}" if uid else "")
    return root(release_id) + levels
