"""Whose turn it is to write: a lock on a file, waited for in the kernel's own order, but never for ever.

`flock` knows no deadline, and asking again and again starves (measured with 16 writers: p99 22 ms and worse against
5 ms), so a waiter has a thread wait in its place, and leaves it behind when the time is over.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from io import TextIOWrapper
from pathlib import Path

from gateway.errors import SlidegateError

USUAL = 10.0  # seconds that a page or an API call waits for its turn
PATIENT = 900.0  # the same for background work and the command line
MOST_WAITING = 128  # threads that wait in the place of others

_longest: ContextVar[float] = ContextVar("longest_wait", default=USUAL)
_waiting = threading.BoundedSemaphore(MOST_WAITING)


class DatabaseBusy(SlidegateError):
    """Another writer has kept the database for too long; nothing was changed."""

    code = "database-busy"
    status = 503
    title = "The database is busy with other work, so nothing was changed: try again in a minute"


class Unwritable(SlidegateError):
    """The store of the database cannot be written: it is full, read-only, or not ours."""

    code = "database-unwritable"
    status = 503
    title = "The database cannot be written at the moment, so nothing was changed"


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Inside, this thread waits so long at most for each of its turns, and raises DatabaseBusy."""
    token = _longest.set(seconds)
    try:
        yield
    finally:
        _longest.reset(token)


def longest() -> float:
    """Seconds that this thread waits at most for its turn."""
    return _longest.get()


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold the lock on this file. Raises DatabaseBusy, or Unwritable if the file cannot be opened."""
    try:
        handle = path.open("a")
    except OSError:
        raise Unwritable from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle = _waited_for(handle)
    with handle:
        yield


def _waited_for(handle: TextIOWrapper) -> TextIOWrapper:
    if not _waiting.acquire(blocking=False):
        handle.close()
        raise DatabaseBusy
    turned: Future[TextIOWrapper] = Future()
    threading.Thread(target=_wait, args=(handle, turned), name="turn", daemon=True).start()
    try:
        return turned.result(timeout=longest())
    except TimeoutError:
        if turned.cancel():
            raise DatabaseBusy from None
        return turned.result()  # it came in the last moment


def _wait(handle: TextIOWrapper, turned: Future[TextIOWrapper]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        handle.close()
        turned.set_exception(error)
    else:
        if turned.set_running_or_notify_cancel():
            turned.set_result(handle)
        else:
            handle.close()
    finally:
        _waiting.release()


def _after_fork() -> None:
    global _waiting
    _waiting = threading.BoundedSemaphore(MOST_WAITING)  # the threads stayed with the parent


os.register_at_fork(after_in_child=_after_fork)
