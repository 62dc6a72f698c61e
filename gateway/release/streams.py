"""Sending a rope: while it runs all is asked again each half second, and the lease is closed however it ends."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ssl import SSLSocket
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from gateway import clock
from gateway.db import reading
from gateway.dicom.rope import Rope
from gateway.errors import SlidegateError
from gateway.projects.grants import admit
from gateway.release.consents import as_of
from gateway.release.governing import governed
from gateway.release.visits import Visit
from gateway.trail import fitness
from gateway.trail.leases import Lease, Outcome

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

ASK_AGAIN = 0.5  # seconds
CHUNK = 128 * 1024  # bytes


class Stopped(Exception):
    """Access ended while bytes were flowing; the connection is cut, so that the client sees a short body."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A lease, and from where to where in the rope the bytes lie that it covers."""

    lease: Lease
    spans: Sequence[tuple[int, int]]

    def close(self, begin: int, end: int, outcome: Outcome) -> None:
        """Close the lease; the bytes of the rope from `begin` to `end` have been sent."""
        self.lease.close(sum(max(0, min(b, end) - max(a, begin)) for a, b in self.spans), outcome)


class Watch:
    """Asks, each half second, whether all is as it was when the visit began."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._asked = visit, time.monotonic()

    def look(self) -> None:
        """Raises Stopped if grant, consent or policy has changed since, or the record cannot be kept any more."""
        if time.monotonic() - self._asked <= ASK_AGAIN:
            return
        pass_, moment = self._visit.pass_, clock.now()
        try:
            with reading() as db:
                now = admit(db, account_id=pass_.account_id, grant_id=pass_.grant_id, now=moment)
                governed(self._visit.release)
                same = (now.epoch, as_of(db, moment)) == (pass_.epoch, self._visit.asked)
        except (SlidegateError, SQLAlchemyError):
            same = False
        if not same or fitness.fault_now(moment):
            raise Stopped
        self._asked = time.monotonic()


class Stream:
    """The bytes from `start` to `stop` of a rope, under a watch and its lease; read once, then closed.

    Not a generator: one that is dropped half read runs its `finally` wherever the collector happens to find it,
    and inside a transaction the closing of a lease would wait for that same transaction for ever.
    With a `wire`, the socket that the answer goes to, what lies in local files is sent by the system (sendfile(2)):
    nothing is then left to hand over, and the chunk is empty. The first chunk never is: the headers go out with it.
    """

    def __init__(
        self,
        rope: Rope,
        watch: Watch,
        leased: Leased,
        start: int,
        stop: int,
        done: Callable[[], None],
        wire: int | None = None,
    ) -> None:
        self._watch, self._leased, self._done = watch, leased, done
        self._start = self._at = start
        self._spans = rope.spans(start, stop, CHUNK)
        self._wire, self._begun, self._first = wire, False, b""
        self._outcome: Outcome = "aborted"
        self._over = False

    def begin(self) -> None:
        """Read the first chunk, so that what keeps it from leaving can still be answered; raises that, closed."""
        try:
            self._first = next(self, b"")
        except BaseException:
            self._at = self._start
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        if first:
            return first
        if self._over:
            raise StopIteration
        try:
            self._watch.look()
        except Stopped:
            self._outcome = "stopped"
            raise
        span = next(self._spans, None)
        if span is None:
            self._outcome = "complete"
            self.close()
            raise StopIteration
        self._at += span.length  # before it is handed over: what may have left counts as having left
        if self._begun and self._wire is not None and span.send_to(self._wire):
            return b""
        self._begun = True
        return span.data

    def close(self) -> None:
        """Close the lease and let go of the sources; the web server calls it however the answer ends."""
        if self._over:
            return
        self._over = True
        try:
            self._leased.close(self._start, self._at, self._outcome)
        finally:
            self._done()


def wire_of(environ: WSGIEnvironment) -> int | None:
    """The socket of the answer, where the web server lends it and it is plain; behind TLS bytes go through it."""
    lent = environ.get("gunicorn.socket")
    return lent.fileno() if isinstance(lent, socket.socket) and not isinstance(lent, SSLSocket) else None
