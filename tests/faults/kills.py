"""`python -m tests.faults.kills --times 200`: kill -9 of web workers in mid-stream, and what the record knows then.

A client reads frames from gunicorn as fast as it can; its worker is killed without warning, again and again. In the end
every frame that the client received whole must stand on the record. With `--mutant` frames are entered in the journal
after they were sent, and the loss must be seen.
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
from gateway.settings import ROOT
from gateway.trail.frames import unpacked
from gateway.trail.models import Event
from gateway.trail.reads import FRAMES
from gateway.trail.recovery import recover
from tests.conftest import free_port, wait_until_ready
from tests.release.served.houses import House, Reader, a_house, a_reader, first, place

MUTANT = """
import threading
from gateway.trail.framebook import FrameBook
plain = FrameBook.enter
def later(self, *given):
    threading.Timer(0.2, plain, (self, *given)).start()
FrameBook.enter = later
from app import create_app
made = create_app()
"""


@dataclass
class Reading:
    """A client that never stops, and the frames (from 0) that it has received whole over each connection."""

    house: House
    reader: Reader
    url: str
    count: int
    received: list[set[int]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    some: threading.Event = field(default_factory=threading.Event)
    broken: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Frame after frame; over each connection, which is never opened anew behind our back, from the first."""
        parts = urlsplit(self.url)
        while not self.over.is_set():
            whole, number = set[int](), 0
            self.received.append(whole)
            try:
                with closing(HTTPConnection(parts.netloc, timeout=30)) as wire:
                    wire.connect()
                    wire.auto_open = 0
                    while not self.over.is_set():
                        wire.request("GET", f"{parts.path}/frames/{number + 1}", headers=dict(self.reader.headers))
                        answer = wire.getresponse()
                        if answer.read() and answer.status == 200:
                            whole.add(number)
                            self.some.set()
                        number = (number + 1) % self.count
            except (HTTPException, OSError):
                self.broken.set()
                self.over.wait(0.05)  # until the next worker listens


@contextmanager
def _served(house: House, folder: Path, application: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config/gunicorn.conf.py"), "--chdir", ".",
               "--pythonpath", f"{ROOT},{folder}", application]  # fmt: skip
    environ = {**os.environ, **house.environment(), "SLIDEGATE_WORKERS": "1", **more}
    master = subprocess.Popen(command, cwd=folder, env=environ, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(house.base_url, master)
        yield master
    finally:
        os.killpg(master.pid, signal.SIGTERM)
        master.wait(timeout=60)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lost(times: int, *, mutant: bool = False, seed: int = 1) -> tuple[int, int]:
    """(frames received, those of them that are on no record) after so many kills."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        house = a_house(folder, free_port())
        reader = a_reader(house)
        (folder / "mutant.py").write_text(MUTANT)
        with _served(house, folder, "mutant:made" if mutant else "app:create_app()") as master:
            with house.client(reader) as client:
                slides = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
                told = max(slides, key=lambda each: int(first(each, "00280008")))
            reading = Reading(house, reader, house.url(reader, place(told)), int(first(told, "00280008")))
            thread = threading.Thread(target=reading.run)
            thread.start()
            for _ in range(times):
                assert reading.some.wait(60), "no worker came back"
                reading.over.wait(chance.uniform(0, 0.02))
                reading.broken.clear()
                for worker in _children(master.pid):
                    os.kill(worker, signal.SIGKILL)
                assert reading.broken.wait(60), "nobody was in mid-stream"
                reading.some.clear()
            reading.over.set()
            thread.join(60)
        house.move_in()
        recover(now=clock.now())
        return sum(map(len, reading.received)), _missing(reading.received, _on_record(first(told, "00080018")))


def _on_record(uid: str) -> list[set[int]]:
    """The frames of an instance that are on the record, lease by lease."""
    leases: dict[int, set[int]] = {}
    with database.reading() as db:
        for event in db.query(Event).filter(Event.instance_uid == uid, Event.action == FRAMES).order_by(Event.seq):
            leases.setdefault(event.lease_seq or 0, set()).update(unpacked(event.detail))
    return [leases[each] for each in sorted(leases)]


def _missing(received: list[set[int]], recorded: list[set[int]]) -> int:
    """Frames that came over a connection and stand under no lease of its time: both are in order."""
    at = missing = 0
    for whole in filter(None, received):
        found = next((place for place in range(at, len(recorded)) if whole <= recorded[place]), None)
        if found is None:
            missing += min((len(whole - lease) for lease in recorded[at:]), default=len(whole))
        else:
            at = found
    return missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--mutant", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    received, missing = lost(asked.times, mutant=asked.mutant, seed=asked.seed)
    sys.stdout.write(f"{asked.times} kills: {received} frames received, {missing} without a record\n")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
