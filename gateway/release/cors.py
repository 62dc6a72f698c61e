"""Tools that run in a browser on another origin: those of the setting `cors_origins` may use DICOMweb (Fetch 3.2).

They send a token, never our cookies: no answer allows credentials, and none names an origin that is not on the list.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from gateway.settings import BadSetting, current

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
READING, WRITING = "GET, HEAD", "GET, HEAD, POST, DELETE"
ASKED_WITH = "Authorization, Accept, Content-Type, Range, If-Range, If-Match, If-None-Match"
SHOWN = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Warning, WWW-Authenticate, X-Request-ID"
HOUR = "3600"


def install(door: Blueprint, methods: str = READING) -> None:
    """Let the registered origins ask a blueprint with these methods, and read what it answers."""
    door.after_request(lambda answer: _allow(answer, methods))


def origins() -> frozenset[str]:
    """The registered origins. Raises BadSetting for what is none: a path, a wildcard, `null`."""
    for each in current().cors_origins:
        if not ORIGIN.fullmatch(each):
            raise BadSetting("setting cors_origins must hold origins such as https://viewer.example.org")
    return frozenset(current().cors_origins)


def _allow(answer: Response, methods: str) -> Response:
    allowed = origins()
    if not allowed:
        return answer
    answer.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin in allowed:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = SHOWN
        if request.method == "OPTIONS":
            answer.headers["Access-Control-Allow-Methods"] = methods
            answer.headers["Access-Control-Allow-Headers"] = ASKED_WITH
            answer.headers["Access-Control-Max-Age"] = HOUR
    return answer
