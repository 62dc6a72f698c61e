"""What archives behind a network share: how long to wait, how often to try, when to leave them alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from gateway.errors import SlidegateError

T = TypeVar("T")

CONNECT = 5.0  # seconds to connect
SILENCE = 20.0  # seconds in which something has to come
GRACE, SLOWEST = 30.0, 64 * 1024  # seconds after which an answer must have come at so many bytes a second, on average
ATTEMPTS = 3  # of one request
FIRST_WAIT = 0.2  # seconds before the second; twice that before the third
FAULTS, REST = 5, 10.0  # requests that fail in a row, after which nothing is asked for so many seconds


class UpstreamFailed(SlidegateError):
    """The archive did not answer, or not as it must. Nothing of what it said is repeated."""

    code = "archive-failed"
    status = 502
    title = "The archive did not answer as it should; try again later"


class UpstreamRefused(UpstreamFailed):
    """The archive does not let us in. Not tried again: some archives lock whoever comes with a wrong password."""

    code = "archive-refused"
    title = "The archive refuses the credentials in the settings of this gateway"


class UpstreamResting(SlidegateError):
    """The archive has failed several times in a row."""

    code = "archive-resting"
    status = 503
    title = "The archive has not answered for a while; try again in some seconds"


def steadily(pieces: Iterable[bytes], clock: Callable[[], float] = time.monotonic) -> Iterator[bytes]:
    """The pieces of an answer. Raises UpstreamFailed for one that only trickles, and so would never end."""
    began, came = clock(), 0
    for piece in pieces:
        came += len(piece)
        if came < SLOWEST * (clock() - began - GRACE):
            raise UpstreamFailed
        yield piece


class Breaker:
    """A circuit breaker for one upstream: closed, or open for some seconds; the first request after that tries it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._until = 0.0

    def call(self, work: Callable[[], T]) -> T:
        """What `work` gives. Raises UpstreamResting without asking, or UpstreamFailed as `work` does."""
        with self._lock:
            if self._clock() < self._until:
                raise UpstreamResting
            if self._failed >= FAULTS:
                self._until = self._clock() + REST  # others wait while this one tries
        try:
            result = work()
        except UpstreamFailed:
            with self._lock:
                self._failed += 1
                if self._failed >= FAULTS:
                    self._until = self._clock() + REST
            raise
        with self._lock:
            self._failed, self._until = 0, 0.0
        return result


def with_patience(work: Callable[[], T], *, sleep: Callable[[float], None] | None = None) -> T:
    """Try a reading request up to three times. Raises the last UpstreamFailed, or UpstreamRefused at once."""
    wait = FIRST_WAIT
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except UpstreamRefused:
            raise
        except UpstreamFailed:
            (sleep or time.sleep)(wait)
            wait *= 2
    return work()
