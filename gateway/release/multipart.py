"""multipart/related (RFC 2387) as a rope: its length is known before the first byte, like everything here."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.dicom.rope import Literal, Rope, SourceRange


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its media type, and the rope of its bytes."""

    media_type: str
    rope: Rope


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: its Content-Type header, its bytes, and where in them each part's own bytes lie."""

    content_type: str
    rope: Rope
    spans: tuple[tuple[int, int], ...]


def related(parts: Sequence[Part], kind: str) -> Message:
    """A message of parts of one kind."""
    boundary = f"slidegate-{secrets.token_hex(16)}"
    pieces: list[Literal | SourceRange] = []
    spans, at = [], 0
    for part in parts:
        head = f"--{boundary}\r\nContent-Type: {part.media_type}\r\n\r\n".encode("ascii")
        pieces += [Literal(head), *part.rope.pieces, Literal(b"\r\n")]
        start = at + len(head)
        spans.append((start, start + part.rope.length))
        at = start + part.rope.length + 2
    pieces.append(Literal(f"--{boundary}--\r\n".encode("ascii")))
    return Message(f'multipart/related; type="{kind}"; boundary={boundary}', Rope(pieces), tuple(spans))
