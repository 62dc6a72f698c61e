"""Byte ranges (RFC 9110 14): one range at a time, so that an interrupted download can go on."""

from __future__ import annotations

from werkzeug.datastructures import Headers
from werkzeug.http import parse_range_header

from gateway.release.errors import RangeNotSatisfiable


def asked(headers: Headers, *, length: int, etag: str) -> tuple[int, int] | None:
    """(start, stop) of the range that a request asks for; None for the whole.

    A stale If-Range gives the whole; several ranges give the whole; an empty one raises RangeNotSatisfiable.
    """
    if headers.get("If-Range", f'"{etag}"') != f'"{etag}"':
        return None
    ranges = parse_range_header(headers.get("Range"))
    if ranges is None or ranges.units != "bytes" or len(ranges.ranges) != 1:
        return None
    found: tuple[int, int] | None = ranges.range_for_length(length)
    if found is None:
        raise RangeNotSatisfiable
    return found
