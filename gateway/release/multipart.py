"""multipart/related (RFC 2387) as a rope: its length is known before the first byte, like everything here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.dicom.rope import Literal, Rope, SourceRange
from gateway.release.models import ManifestEntry
from gateway.release.queries import Member

HEAD_END = "\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its media type, the rope of its bytes, and its own address if it has one."""

    media_type: str
    rope: Rope
    location: str = ""

    @property
    def head(self) -> bytes:
        """The header fields."""
        location = f"Content-Location: {self.location}\r\n" if self.location else ""
        return f"Content-Type: {self.media_type}\r\n{location}\r\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: its Content-Type header, its bytes, and where in them each part's own bytes lie."""

    content_type: str
    rope: Rope
    spans: tuple[tuple[int, int], ...]


def related(parts: Sequence[Part], kind: str) -> Message:
    """A message of parts of one kind."""
    boundary = _boundary()
    pieces: list[Literal | SourceRange] = []
    spans, at = [], 0
    for part in parts:
        head = f"--{boundary}\r\n".encode("ascii") + part.head
        pieces += [Literal(head), *part.rope.pieces, Literal(b"\r\n")]
        start = at + len(head)
        spans.append((start, start + part.rope.length))
        at = start + part.rope.length + 2
    pieces.append(Literal(f"--{boundary}--\r\n".encode("ascii")))
    return Message(_content_type(kind, boundary), Rope(pieces), tuple(spans))


def _boundary() -> str:
    return f"slidegate-{secrets.token_hex(16)}"


def _content_type(kind: str, boundary: str) -> str:
    return f'multipart/related; type="{kind}"; boundary={boundary}'


class Instances:
    """Whole instances as the parts of a message; a wrapping of `bundle.Bundle`."""

    def __init__(self, kind: str) -> None:
        boundary = _boundary()
        self.content_type = _content_type(kind, boundary)
        self._head = f"--{boundary}\r\nContent-Type: {kind}; transfer-syntax="
        self._end = f"--{boundary}--\r\n".encode("ascii")

    def length(self, members: Iterator[Member]) -> int:
        """Bytes of the whole."""
        around = len(self._head) + len(HEAD_END) + 2
        return sum(around + len(each.transfer_syntax) + each.size for each in members) + len(self._end)

    def head(self, entry: ManifestEntry) -> bytes:
        """The boundary and the header of a part, with its transfer syntax (PS3.18 8.7.3.5.2)."""
        return f"{self._head}{entry.transfer_syntax}{HEAD_END}".encode("ascii")

    def seen(self, chunk: bytes) -> None:
        """Nothing is counted."""

    def tail(self, _entry: ManifestEntry) -> bytes:
        """The line break that belongs to the next boundary."""
        return b"\r\n"

    def end(self) -> Iterator[bytes]:
        """The last boundary."""
        yield self._end

    def close(self) -> None:
        """Nothing is held."""
