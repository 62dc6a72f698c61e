"""Sending a rope: while it runs the grant is asked again each second, and the lease is closed however it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway import clock
from gateway.consent import optouts
from gateway.db import reading
from gateway.dicom.rope import Rope
from gateway.errors import SlidegateError
from gateway.projects.grants import admit
from gateway.release.visits import Visit
from gateway.trail.leases import Lease

ASK_AGAIN = 0.5  # seconds
CHUNK = 128 * 1024  # bytes


class Stopped(Exception):
    """Access ended while bytes were flowing; the connection is cut, so that the client sees a short body."""


@dataclass
class Stream:
    """The bytes from `start` to `stop` of a rope, under a visit and its leases."""

    rope: Rope
    visit: Visit
    leases: list[Lease]
    start: int
    stop: int
    done: Callable[[], None]

    def __iter__(self) -> Iterator[bytes]:
        sent, outcome, asked = 0, "aborted", time.monotonic()
        try:
            for chunk in self.rope.chunks(self.start, self.stop, CHUNK):
                if time.monotonic() - asked > ASK_AGAIN:
                    self._ask_again()
                    asked = time.monotonic()
                yield chunk
                sent += len(chunk)
            outcome = "complete"
        except Stopped:
            outcome = "stopped"
            raise
        finally:
            for lease in self.leases:
                lease.close(sent, outcome)  # type: ignore[arg-type]  # one of Outcome's literals
            self.done()

    def _ask_again(self) -> None:
        visit = self.visit
        try:
            with reading() as db:
                pass_ = visit.pass_
                now = admit(db, account_id=pass_.account_id, grant_id=pass_.grant_id, now=clock.now())
                epoch = optouts.epoch(db)
        except SlidegateError:
            raise Stopped from None
        if now.epoch != visit.pass_.epoch or epoch != visit.consent_epoch:
            raise Stopped

    def close(self) -> None:
        """Called by the server when the client is gone before the first byte was asked for."""
        self.done()
