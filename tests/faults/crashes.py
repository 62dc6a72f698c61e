"""`python -m tests.faults.crashes --times 20`: PostgreSQL stops as in a crash, again and again, while frames are read.

The client asks for each frame once only. In the end every frame that it received whole must stand on the record, and
the log must be whole. The worker that serves them is killed at the very end, so that only what is durable counts. With
`--mutant` frames are recorded after they were sent, and the loss must be seen.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from gateway import clock
from gateway import db as database
from gateway.trail.frames import unpacked
from gateway.trail.models import Event
from gateway.trail.reads import FRAMES
from gateway.trail.recovery import recover
from gateway.trail.sequencer import newest, sequence
from tests.benchmarks.growth import a_slide_of_frames, all_seen
from tests.conftest import free_port
from tests.databases import OPTIONS, Server
from tests.faults.downloads import MUTANT, Downloading
from tests.faults.kills import _children, _served
from tests.release.served.houses import House, Reader, a_house, a_reader, first, place

FRAMES_THERE = 200_000


@dataclass
class Reading:
    """A client that asks for the next frame, whatever the answer to the last one was."""

    house: House
    reader: Reader
    url: str
    uid: str
    received: set[int] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)
    some: threading.Event = field(default_factory=threading.Event)
    refused: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of_most_frames(cls, house: House, reader: Reader) -> Reading:
        """A client of the slide that has most of them."""
        with house.client(reader) as client:
            slides = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
        told = max(slides, key=lambda each: int(first(each, "00280008")))
        return cls(house, reader, house.url(reader, place(told)), first(told, "00080018"))

    def run(self) -> None:
        """From the first frame to the last, over as many connections as it takes."""
        parts, number = urlsplit(self.url), 0
        while not self.over.is_set():
            try:
                with closing(HTTPConnection(parts.netloc, timeout=30)) as wire:
                    while not self.over.is_set():
                        number += 1
                        wire.request("GET", f"{parts.path}/frames/{number}", headers=dict(self.reader.headers))
                        answer = wire.getresponse()
                        if answer.read() and answer.status == 200:
                            self.received.add(number - 1)
                            self.some.set()
                        else:
                            self.refused.set()
                            self.over.wait(0.05)  # the database is away, or takes nothing
            except (HTTPException, OSError):
                self.over.wait(0.05)


def lost(times: int, *, mutant: bool = False, seed: int = 1) -> tuple[int, int]:
    """(frames received, those of them that are on no record) after so many crashes of the database."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "postgresql").mkdir()
        server = Server(folder / "postgresql", OPTIONS)
        server.start()
        try:
            server.make("slidegate")
            house = a_house(folder, free_port(), database_url=server.url("slidegate"))
            a_slide_of_frames(house, "MANY", FRAMES_THERE, 0)
            all_seen()
            reader = a_reader(house)
            (folder / "mutant.py").write_text(MUTANT)
            with _served(house, folder, "mutant:made" if mutant else "app:create_app()") as master:
                reading = Reading.of_most_frames(house, reader)
                with going_on(reading, master):
                    _crash(server, reading, [chance.uniform(0, 0.5) for _ in range(times)])
            return settled(house, reading)
        finally:
            server.stop()


def _crash(server: Server, reading: Reading, waits: list[float]) -> None:
    for wait in waits:
        reading.some.clear()
        assert reading.some.wait(60), "no frame came after a crash"
        reading.over.wait(wait)
        server.stop("immediate")
        server.start()
    reading.some.clear()
    assert reading.some.wait(60), "no frame came after the last crash"


@contextmanager
def going_on(reading: Reading | Downloading, master: subprocess.Popen[bytes]) -> Iterator[None]:
    """The client reads in a thread; in the end the worker is killed, so that only what is durable counts."""
    thread = threading.Thread(target=reading.run)
    thread.start()
    try:
        yield
        for worker in _children(master.pid):
            os.kill(worker, signal.SIGKILL)
    finally:
        reading.over.set()
        thread.join(60)


def settled(house: House, reading: Reading) -> tuple[int, int]:
    """(frames received, those of them that are on no record), once the log is seen to be whole."""
    house.move_in()
    recover(now=clock.now())
    sequence(now=clock.now())  # refuses a log that is bent
    with database.reading() as db:
        assert newest(db) is not None
    return len(reading.received), len(reading.received - _on_record(reading.uid))


def _on_record(uid: str) -> set[int]:
    with database.reading() as db:
        found = db.query(Event).filter(Event.instance_uid == uid, Event.action == FRAMES)
        return {frame for event in found for frame in unpacked(event.detail)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--mutant", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    received, missing = lost(asked.times, mutant=asked.mutant, seed=asked.seed)
    sys.stdout.write(f"{asked.times} crashes: {received} frames received, {missing} without a record\n")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
