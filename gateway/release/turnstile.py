"""The quick way for single frames: who was let in a moment ago goes through again, unless anything has changed.

The door itself (frames.py) checks token, grant, consent and policy, and remembers here whom it let in. The next
request of the same token for the same instance goes through without Flask for at most a second, and only while the
count of changes (changes.py) stays what it was before the door looked. Whatever is out of the ordinary goes to the
door. Each frame is entered in the journal under a lease before it leaves, as there.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from gateway import clock
from gateway.db import engine
from gateway.dicom.source import FileSource
from gateway.errors import SlidegateError
from gateway.release import changes, slide
from gateway.trail import fitness
from gateway.web.health import count
from gateway.web.security import HEADERS, TWO_YEARS

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from gateway.trail.leases import Lease

LASTS = 1.0  # seconds
LARGEST = 1 << 20  # bytes of a frame; larger ones are streamed
MOST = 64  # remembered at once, each with an open file
ENDPOINT = "dicomweb.frames"
CHANGE = "slidegate.change"
PATH = re.compile(
    r"(/releases/[a-z0-9]+/dicomweb/studies/[0-9.]+/series/[0-9.]+/instances/[0-9.]+/frames/)([1-9]\d{0,8})"
)
UNUSUAL = ("HTTP_ORIGIN", "HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_COOKIE", "HTTP_EXPECT")  # for the door to answer
Key = tuple[bytes, str, str]


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody whom the door let in, the open slide, and how long that is worth something."""

    engine: Engine
    change: int
    until: float  # of the monotonic clock
    ends_at: datetime
    lease: Lease  # the one that the door had opened, which has longer than this to run
    slide: slide.Slide
    media_type: str
    held: ExitStack  # never closed: it keeps the slide open as long as somebody has this


_admitted: OrderedDict[Key, Admitted] = OrderedDict()
_lock = threading.Lock()


def remember(
    environ: WSGIEnvironment, opened: slide.Slide, held: ExitStack, lease: Lease, media_type: str, until: datetime
) -> None:
    """Let the next request of this kind through: the door has just answered this one, and what it checked stood.

    `until` is when the token or the grant ends. Only what lies in local files is remembered: what `held` would close
    stays open meanwhile.
    """
    key, change = _key(environ), environ.get(CHANGE)
    if key is None or change is None or not isinstance(opened.source, FileSource):
        return
    found = Admitted(engine(), change, time.monotonic() + LASTS, until, lease, opened, media_type, held.pop_all())
    with _lock:
        _admitted.pop(key[0], None)
        _admitted[key[0]] = found
        while len(_admitted) > MOST or next(iter(_admitted.values())).until <= time.monotonic():
            _admitted.popitem(last=False)  # its file is closed when nobody reads from it any more


def forget_everybody() -> None:
    """Let go of all that is open."""
    with _lock:
        _admitted.clear()


def _key(environ: WSGIEnvironment) -> tuple[Key, int] | None:
    """What is remembered, and the frame number; None for requests that are not of this kind."""
    match = PATH.fullmatch(environ.get("PATH_INFO", ""))
    secret = environ.get("HTTP_AUTHORIZATION", "")
    if match is None or not secret or environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING"):
        return None
    if any(name in environ for name in UNUSUAL):
        return None
    return (sha256(secret.encode("latin-1")).digest(), match[1], environ.get("HTTP_ACCEPT", "")), int(match[2]) - 1


class Turnstile:
    """WSGI in front of the whole application."""

    def __init__(self, door: WSGIApplication, *, secure: bool) -> None:
        self._door = door
        self._headers = [*HEADERS.items(), ("Cache-Control", "private, no-store")]
        if secure:
            self._headers.append(("Strict-Transport-Security", TWO_YEARS))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        asked = _key(environ)
        if asked is None:
            return self._door(environ, start_response)
        change = changes.number()
        body = _frame(*asked, change)
        if body is None:
            environ[CHANGE] = change  # as it was before the door looks at anything
            return self._door(environ, start_response)
        data, media_type = body
        headers = [("Content-Type", media_type), ("Content-Length", str(len(data))), ("X-Request-ID", token_hex(8))]
        start_response("200 OK", [*headers, *self._headers])
        count(ENDPOINT, "GET", 200, time.perf_counter() - started)
        return [data]


def _frame(key: Key, number: int, change: int | None) -> tuple[bytes, str] | None:
    """The frame and its media type, on the record; None if the door has to look."""
    found = _admitted.get(key)
    if found is None:
        return None
    now = clock.now()
    stands = change == found.change and engine() is found.engine
    if not stands or time.monotonic() >= found.until or now >= found.ends_at:
        _forget(key, found)
        return None
    if number >= found.slide.frame_count:
        return None
    try:
        fitness.require(now)
        rope = found.slide.frame_rope(number)
        if rope.length > LARGEST:
            return None
        data = rope.read(0, rope.length)
        found.lease.frame(number)
    except (SlidegateError, OSError):
        _forget(key, found)
        return None
    found.lease.close(len(data), "complete")
    return data, found.media_type


def _forget(key: Key, found: Admitted) -> None:
    with _lock:
        if _admitted.get(key) is found:
            del _admitted[key]
