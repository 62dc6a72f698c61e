"""Byte ranges (RFC 9110 14): one range at a time, so that an interrupted download can go on."""

from __future__ import annotations

import re

from werkzeug.datastructures import Headers

from gateway.release.errors import RangeNotSatisfiable

ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


def asked(headers: Headers, *, length: int, etag: str) -> tuple[int, int] | None:
    """(start, stop) of the range that a request asks for; None for the whole.

    A stale If-Range gives the whole, and so does what is not one good range; one that holds no byte of the
    instance raises RangeNotSatisfiable.
    """
    if headers.get("If-Range", f'"{etag}"') != f'"{etag}"':
        return None
    found = ONE_RANGE.fullmatch(headers.get("Range", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = (int(each) if each else None for each in found.groups())
    if first is None:
        start, stop = max(0, length - (last or 0)), length
    else:
        start, stop = first, length if last is None else min(last + 1, length)
        if last is not None and last < first:
            return None
    if start >= stop:
        raise RangeNotSatisfiable
    return start, stop
