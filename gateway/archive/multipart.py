"""The one part of a multipart/related answer (RFC 2387, PS3.18 8.6.1.2), written as it comes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message

from gateway.archive.landing import Target
from gateway.archive.upstream import UpstreamFailed

LONGEST_HEAD = 64 * 1024  # bytes before the part's body
TAIL = 1024  # bytes behind it, at most


def one_part(content_type: str, pieces: Iterable[bytes], target: Target, ends: bool) -> None:
    """Write the body of the only part, or of an answer that is not in parts. Raises UpstreamFailed for anything else.

    The closing boundary must be there, or without parts the answer must say where it `ends`: one that was cut off is
    never taken for a whole one.
    """
    kind = Message()
    kind["Content-Type"] = content_type
    if kind.get_content_type() in ("application/dicom", "application/octet-stream"):
        if not ends:
            raise UpstreamFailed
        for piece in pieces:
            target.write(piece)
        return
    boundary = kind.get_param("boundary")
    if kind.get_content_type() != "multipart/related" or not isinstance(boundary, str) or not boundary:
        raise UpstreamFailed
    length = _written(boundary.encode("latin-1", "replace"), iter(pieces), target)
    _cut(boundary.encode("latin-1", "replace"), length, target)


def _written(boundary: bytes, pieces: Iterable[bytes], target: Target) -> int | None:
    """Write all behind the part's head; gives the length that the head states."""
    head, length, opened = b"", None, False
    for piece in pieces:
        if opened:
            target.write(piece)
            continue
        head += piece
        end = head.find(b"\r\n\r\n", head.find(b"--" + boundary))
        if b"--" + boundary in head and end >= 0:
            stated = re.search(rb"(?im)^content-length:\s*(\d+)\s*$", head[:end].replace(b"\r\n", b"\n"))
            length, opened = int(stated[1]) if stated else None, True
            target.write(head[end + 4 :])
        elif len(head) > LONGEST_HEAD:
            raise UpstreamFailed
    if not opened:
        raise UpstreamFailed
    return length


def _cut(boundary: bytes, length: int | None, target: Target) -> None:
    """Take the closing boundary off the end."""
    begin = max(0, target.length - TAIL - len(boundary))
    at = target.written(begin).rfind(b"\r\n--" + boundary + b"--")
    if at < 0 or (length is not None and begin + at != length):
        raise UpstreamFailed
    target.cut(begin + at)
