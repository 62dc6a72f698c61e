"""Many instances in one answer, each opened under its own lease when its turn comes: in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

from gateway.db import reading
from gateway.errors import SlidegateError, Withheld
from gateway.release import visits
from gateway.release.models import ManifestEntry
from gateway.release.queries import Member
from gateway.release.streams import Leased, Stream, Watch
from gateway.release.visits import Visit


class Wrapping(Protocol):
    """What stands between instances. All lengths follow from the manifest, so the whole has one before it begins."""

    @property
    def content_type(self) -> str:
        """Of the whole."""
        ...

    def length(self, members: Iterator[Member]) -> int:
        """Bytes of the whole."""
        ...

    def head(self, entry: ManifestEntry) -> bytes:
        """What stands before an instance."""
        ...

    def seen(self, chunk: bytes) -> None:
        """A part of the instance that is sent."""
        ...

    def tail(self, entry: ManifestEntry) -> bytes:
        """What stands behind it."""
        ...

    def end(self) -> Iterator[bytes]:
        """What stands behind all."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


class Bundle:
    """The bytes of instances in a wrapping; read once, then closed. If it is cut, so is the lease that is open."""

    def __init__(self, visit: Visit, wrapping: Wrapping, entries: Iterator[ManifestEntry]) -> None:
        self._visit, self._wrapping, self._entries = visit, wrapping, entries
        self._watch = Watch(visit)
        self._ending: Iterator[bytes] | None = None
        self._entry: ManifestEntry | None = None
        self._stream: Stream | None = None
        self._first = b""

    def begin(self) -> None:
        """Open the first instance, so that what keeps it from leaving can still be answered; raises that."""
        try:
            self._first = next(self)
        except SlidegateError:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        if first:
            return first
        while True:
            piece = self._piece()
            if piece:
                return piece

    def _piece(self) -> bytes:
        """The next piece, which may be empty. Raises StopIteration at the end."""
        if self._ending is not None:
            return next(self._ending)
        if self._stream is not None and self._entry is not None:
            chunk = next(self._stream, b"")
            if chunk:
                self._wrapping.seen(chunk)
                return chunk
            self._stream = None
            return self._wrapping.tail(self._entry)
        self._watch.look()
        self._entry = next(self._entries, None)
        if self._entry is None:
            self._ending = self._wrapping.end()
            return b""
        self._stream = self._opened(self._entry)
        return self._wrapping.head(self._entry)

    def _opened(self, entry: ManifestEntry) -> Stream:
        """The instance under its lease. Raises what finding and opening it raises; then nothing of it has left."""
        visit = self._visit
        with ExitStack() as held:
            with reading() as db:
                found = visits.find(db, visit, entry.uid)
                opened = held.enter_context(visits.opened(db, visit, found))
            with visits.recorded_refusal(visit.actor, visit.release, entry.uid):
                if opened.length != entry.size:  # else the whole would not be as long as was said
                    raise Withheld("The archive has changed this image since the release was made.")
            leased = Leased(visits.lease(visit, found, "instance"), [(0, opened.length)])
            return Stream(opened.rope, self._watch, leased, 0, opened.length, held.pop_all().close)

    def close(self) -> None:
        """Close what is open; the web server calls it however the answer ends."""
        stream, self._stream = self._stream, None
        self._ending = iter(())
        try:
            if stream is not None:
                stream.close()
        finally:
            self._wrapping.close()
