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
    """A whole message: its Content-Type header and its bytes."""

    content_type: str
    rope: Rope


def related(parts: Sequence[Part], kind: str) -> Message:
    """A message of parts of one kind."""
    boundary = f"slidegate-{secrets.token_hex(16)}"
    pieces: list[Literal | SourceRange] = []
    for part in parts:
        pieces.append(Literal(f"--{boundary}\r\nContent-Type: {part.media_type}\r\n\r\n".encode("ascii")))
        pieces += [*part.rope.pieces, Literal(b"\r\n")]
    pieces.append(Literal(f"--{boundary}--\r\n".encode("ascii")))
    return Message(f'multipart/related; type="{kind}"; boundary={boundary}', Rope(pieces))
