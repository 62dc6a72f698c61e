"""What DICOMweb answers have in common: what the caller accepts, and that nothing may be kept on the way."""

from __future__ import annotations

from flask import Response, request

PRIVATE = "private, no-store"


def accepted() -> str:
    """The media types that the caller takes: its query parameter if there is one, else the header (PS3.18 8.3.3.1)."""
    return request.args.get("accept") or request.headers.get("Accept", "")


def answer(body: bytes, media_type: str) -> Response:
    """A body that is at hand."""
    return Response(body, content_type=media_type, headers={"Cache-Control": PRIVATE})
