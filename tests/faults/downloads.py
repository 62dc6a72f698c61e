"""A client that downloads whole instances, a mutant that sends before it records, and what the record must say."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from gateway import db as database
from gateway.trail.models import Event
from gateway.trail.reads import CLOSED, OPENED
from tests.release.served.houses import House, Reader, a_large_slide

PIECE = 64 * 1024
MEGABYTES = 60
MUTANT = """
import threading
from gateway.release import visits
from gateway.trail.framebook import FrameBook
enter, open_lease = FrameBook.enter, visits.open_lease
def later(self, *given):
    threading.Timer(0.2, enter, (self, *given)).start()
FrameBook.enter = later
class Late:
    seq = 0
    def __init__(self, told):
        self.told = told
    def close(self, sent, outcome):
        open_lease(**self.told).close(sent, outcome)
visits.open_lease = lambda **told: Late(told) if told["how"] == "instance" else open_lease(**told)
from app import create_app
made = create_app()
"""


@dataclass
class Downloading:
    """Downloads one instance again and again, and notes how many bytes came each time.

    While `on` is cleared it takes no more than a first piece, and so stays in mid-stream.
    """

    house: House
    reader: Reader
    url: str
    received: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    some: threading.Event = field(default_factory=threading.Event)
    broken: threading.Event = field(default_factory=threading.Event)
    refused: threading.Event = field(default_factory=threading.Event)
    on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.on.set()

    def run(self) -> None:
        """One download after another, each over a connection of its own."""
        parts = urlsplit(self.url)
        while not self.over.is_set():
            try:
                with closing(HTTPConnection(parts.netloc, timeout=30)) as wire:
                    wire.request("GET", parts.path, headers=dict(self.reader.headers))
                    answer = wire.getresponse()
                    if answer.status == 200:
                        self._take(answer)
                        continue
                    answer.read()
                    self.refused.set()
            except (HTTPException, OSError):
                self.broken.set()
            self.over.wait(0.05)  # until the next worker listens, or the record can be kept again

    def _take(self, answer: HTTPResponse) -> None:
        self.received.append(0)
        try:
            while piece := answer.read1(PIECE):
                self.received[-1] += len(piece)
                self.some.set()
                self.on.wait()
        finally:
            if self.received[-1] < int(answer.headers["Content-Length"]):
                self.some.clear()
                self.broken.set()

    @property
    def whole(self) -> int:
        """Downloads of which at least a byte came."""
        return len([each for each in self.received if each])

    def missing(self, uid: str) -> int:
        """Downloads that stand under no lease of their time: both are in order, and none is used twice."""
        leases, at, missing = _leases(uid), 0, 0
        for size in filter(None, self.received):
            found = next((place for place in range(at, len(leases)) if size <= leases[place]), None)
            missing += found is None
            at = at if found is None else found + 1
        return missing


def _leases(uid: str) -> list[float]:
    """The most that left under each lease of the whole, in order; without bound where nothing says how much."""
    with database.reading() as db:
        of_it = db.query(Event).filter(Event.instance_uid == uid).order_by(Event.seq)
        opened = [each.seq for each in of_it.filter(Event.action == OPENED) if each.detail["how"] == "instance"]
        closed = {each.lease_seq: each.detail["bytes_sent"] for each in of_it.filter(Event.action == CLOSED)}
    return [float("inf") if closed.get(each) is None else float(closed[each]) for each in opened]


def a_slide_to_download(house: House) -> None:
    """One that is large enough for a kill to come in mid-stream."""
    house.datasets.append(a_large_slide(house, "BIG", MEGABYTES))
