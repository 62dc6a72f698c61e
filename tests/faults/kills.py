"""`python -m tests.faults.kills --times 200`: kill -9 of web workers in mid-stream, and what the record knows then.

One client reads frames and another downloads whole instances from gunicorn as fast as they can; the worker is killed
without warning, again and again, with both in mid-stream. In the end every frame that came whole, and every instance of
which a byte came, must stand on the record. With `--mutant` both are recorded after they were sent, and the loss must
be seen.
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
from typing import Any
from urllib.parse import urlsplit

from gateway import clock
from gateway import db as database
from gateway.settings import ROOT
from gateway.trail.frames import unpacked
from gateway.trail.models import Event
from gateway.trail.reads import FRAMES
from gateway.trail.recovery import recover
from tests.benchmarks.growth import all_seen
from tests.conftest import free_port, wait_until_ready
from tests.faults.downloads import MUTANT, Downloading, a_slide_to_download
from tests.release.served.houses import House, Reader, a_house, a_reader, first, place


@dataclass(frozen=True, slots=True)
class Lost:
    """What came to the clients, and what of it is on no record."""

    frames: int
    frames_missing: int
    instances: int
    instances_missing: int


@dataclass
class Reading:
    """A client that never stops, and the frames (from 0) that it has received whole over each connection.

    It begins with a connection once `on` is set.
    """

    house: House
    reader: Reader
    url: str
    count: int
    received: list[set[int]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    some: threading.Event = field(default_factory=threading.Event)
    broken: threading.Event = field(default_factory=threading.Event)
    on: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Frame after frame; over each connection, which is never opened anew behind our back, from the first."""
        parts = urlsplit(self.url)
        while self.on.wait() and not self.over.is_set():
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
                self.some.clear()
                self.broken.set()
                self.over.wait(0.05)  # until the next worker listens

    def missing(self, uid: str) -> int:
        """Frames that are on no record."""
        return _missing(self.received, _on_record(uid))

    @property
    def whole(self) -> int:
        """Frames that came."""
        return sum(map(len, self.received))


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


def lost(times: int, *, mutant: bool = False, seed: int = 1) -> Lost:
    """What comes and is recorded while the worker is killed so many times."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        house = a_house(folder, free_port())
        a_slide_to_download(house)
        all_seen()
        reader = a_reader(house)
        (folder / "mutant.py").write_text(MUTANT)
        with _served(house, folder, "mutant:made" if mutant else "app:create_app()") as master:
            with house.client(reader) as client:
                slides = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
            tiles, large = max(slides, key=_frames), max(slides, key=_pixels)
            frames = Reading(house, reader, house.url(reader, place(tiles)), _frames(tiles))
            whole = Downloading(house, reader, house.url(reader, place(large)))
            _while_killed(master, frames, whole, [chance.uniform(0, 0.02) for _ in range(times)])
        house.move_in()
        recover(now=clock.now())
        uids = first(tiles, "00080018"), first(large, "00080018")
        return Lost(frames.whole, frames.missing(uids[0]), whole.whole, whole.missing(uids[1]))


def _while_killed(master: subprocess.Popen[bytes], frames: Reading, whole: Downloading, waits: list[float]) -> None:
    """Each kill comes in mid-download, and right after the first frames: what is recorded late is not there yet."""
    threads = [threading.Thread(target=each.run) for each in (frames, whole)]
    whole.on.clear()
    for thread in threads:
        thread.start()
    try:
        for wait in waits:
            assert whole.some.wait(60), "no worker came back"
            frames.on.set()
            assert frames.some.wait(60), "no frame came"
            frames.on.clear()
            frames.over.wait(wait)
            for each in (frames, whole):
                each.broken.clear()
            for worker in _children(master.pid):
                os.kill(worker, signal.SIGKILL)
            whole.on.set()
            assert all(each.wait(60) for each in (frames.broken, whole.broken)), "somebody was not in mid-stream"
            whole.on.clear()
    finally:
        for each in (frames, whole):
            each.over.set()
            each.on.set()
        for thread in threads:
            thread.join(60)


def _frames(told: dict[str, Any]) -> int:
    return int(first(told, "00280008"))


def _pixels(told: dict[str, Any]) -> int:
    return int(first(told, "00280010")) * int(first(told, "00280011")) * _frames(told)


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
    found = lost(asked.times, mutant=asked.mutant, seed=asked.seed)
    sys.stdout.write(
        f"{asked.times} kills: {found.frames} frames received, {found.frames_missing} without a record; "
        f"{found.instances} instances, {found.instances_missing} without one\n"
    )
    sys.exit(1 if found.frames_missing or found.instances_missing else 0)


if __name__ == "__main__":
    main()
