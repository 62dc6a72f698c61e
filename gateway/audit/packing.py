"""A bundle as a zip file that is made while it is sent: in constant memory, and without a file of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy.orm import Session

from gateway.audit import contents
from gateway.audit.contents import Contents, Pieces
from gateway.audit.exports import FORMS, told
from gateway.audit.offline import layout

LEVEL = 1  # of deflate: events get 4 times smaller, FHIR and messages 17 times, faster than a network takes them
PIECE = 64 * 1024


class _Outbox:
    """What the zip file is written to, and taken out of by the sender."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self.size = 0

    def write(self, piece: bytes) -> int:
        self._waiting.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = b"".join(self._waiting)
        self._waiting, self.size = [], 0
        return taken


def packed(db: Session, begun: Contents) -> Iterator[bytes]:
    """The bytes of the zip file. Its directory comes last: a file that is cut off opens nowhere."""
    outbox = _Outbox()
    with ZipFile(outbox, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive:  # type: ignore[call-overload]  # it asks no more
        for name, pieces in _files(db, begun):
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    if outbox.size >= PIECE:
                        yield outbox.take()
    yield outbox.take()


def _files(db: Session, begun: Contents) -> Iterator[tuple[str, Pieces]]:
    yield from contents.proved(db, begun)
    digests: dict[str, str] = {}
    for form in begun.asked.forms:
        name = layout.form(form)
        yield name, _hashed(told(db, FORMS[form], begun.listing), name, digests)
    for name, lines in contents.answers(db, begun):
        yield name, _hashed(lines, name, digests)
    yield layout.ABOUT, contents.about(begun, digests)


def _hashed(lines: Iterator[str], name: str, digests: dict[str, str]) -> Pieces:
    digest = hashlib.sha256()
    for text in lines:
        piece = text.encode()
        digest.update(piece)
        yield piece
    digests[name] = digest.hexdigest()
