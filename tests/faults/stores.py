"""`python -m tests.faults.stores --times 5`: the store of a served gateway fills up, or turns read-only, in mid-stream.

The data directory is a small tmpfs of its own, filled to its last byte, or covered by a read-only mount of itself. One
client reads frames and another whole instances. Nothing may reach them that is not on the record, an auditor reads on,
and images flow again within five seconds after the store takes data again. The reserve of disk space is set to nothing:
it would stop images long before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.benchmarks.growth import a_slide_of_frames, all_seen
from tests.conftest import free_port
from tests.faults.crashes import Reading, going_on, settled
from tests.faults.downloads import Downloading
from tests.faults.kills import _served
from tests.release.served.houses import House, Reader, a_house, a_reader, a_token, an_account, first, place

MEGABYTES = 48
FRAMES_THERE = 200_000
AT_MOST = 5.0  # seconds until images flow again
Fault = Callable[[Path], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Found:
    """What came, what of it is on no record, and the longest time until images flowed again, in seconds."""

    frames: int
    frames_missing: int
    instances: int
    instances_missing: int
    back_after: float

    @property
    def good(self) -> bool:
        """Whether all is as it has to be."""
        return not self.frames_missing and not self.instances_missing and self.back_after <= AT_MOST


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def why_not() -> str:
    """Why nothing can be mounted here; empty where it can."""
    if os.getuid() != 0:
        return "only root may mount a file system"
    with tempfile.TemporaryDirectory() as name:
        try:
            with mounted(Path(name)), read_only(Path(name)):
                return ""
        except (OSError, subprocess.CalledProcessError):
            return "no file system may be mounted here"


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """A small tmpfs there."""
    _run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "slidegate-test", str(folder))
    try:
        yield
    finally:
        _run("umount", "-l", str(folder))


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Not a byte is left."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as handle:
            for size in (1 << 20, 4096, 1):
                while True:
                    try:
                        handle.write(bytes(size))
                    except OSError:
                        break
        yield
    finally:
        ballast.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Whatever is opened there from now on can be read only."""
    with tempfile.TemporaryDirectory() as aside:
        _run("mount", "--bind", str(folder), aside)
        try:
            _run("mount", "-o", "remount,ro,bind", aside)
            _run("mount", "--bind", aside, str(folder))  # read-only from its first moment
            try:
                yield
            finally:
                _run("umount", "-l", str(folder))
        finally:
            _run("umount", "-l", aside)


FAULTS: dict[str, Fault] = {"full": full, "read-only": read_only}


def lost(kind: str, times: int) -> Found:
    """What comes and is recorded while the store fails so many times."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as held:
        folder = Path(name)
        for each in ("data", "spare"):
            (folder / each).mkdir()
        held.enter_context(mounted(folder / "data"))
        house = a_house(folder, free_port())
        a_slide_of_frames(house, "MANY", FRAMES_THERE, 0)
        all_seen()
        reader = a_reader(house)
        auditor = {"Authorization": f"Bearer {a_token(an_account('alex', 'auditor'), 'account')}"}
        more = {"SLIDEGATE_DISK_RESERVE_BYTES": "0", "SLIDEGATE_SPARE_DIR": str(folder / "spare")}
        with _served(house, folder, "app:create_app()", **more) as master:
            frames, whole = Reading.of_most_frames(house, reader), _smallest(house, reader)
            with going_on(frames, master), going_on(whole, master):
                back = max(_once(FAULTS[kind], house, auditor, [frames, whole]) for _ in range(times))
        received, missing = settled(house, frames)
        return Found(received, missing, whole.whole, whole.missing(whole.url.rpartition("/")[2]), back)


def _smallest(house: House, reader: Reader) -> Downloading:
    """A client of a small slide: it has many leases written, which is what fills a store."""
    with house.client(reader) as client:
        slides = [each for each in client.get("instances").json() if first(each, "00080060") == "SM"]
    told = min(slides, key=lambda each: int(first(each, "00280008")))
    return Downloading(house, reader, house.url(reader, place(told)))


def _once(fault: Fault, house: House, auditor: dict[str, str], clients: list[Reading | Downloading]) -> float:
    """One failure of the store; seconds from its end until both clients received something again."""
    for each in clients:
        assert each.some.wait(60), "nothing came before"
        each.refused.clear()
    with fault(house.settings.data_dir):
        for each in clients:
            assert each.refused.wait(120), "images went on for two minutes"
        for path in ("/api/v1/audit/events", "/healthz", "/register"):
            answer = httpx.get(house.base_url + path, headers=auditor, timeout=30)
            assert answer.status_code == 200, (path, answer.text)
        _wait_for_the_reason(house)
        for each in clients:
            each.some.clear()
    since = time.monotonic()
    for each in clients:
        assert each.some.wait(60), "nothing came afterwards"
    return time.monotonic() - since


def _wait_for_the_reason(house: House) -> None:
    """Return once /readyz says why, which it asks once a second."""
    deadline = time.monotonic() + 30
    while "full or read-only" not in (told := httpx.get(f"{house.base_url}/readyz", timeout=30).text):
        assert time.monotonic() < deadline, told
        time.sleep(0.1)  # there is no signal to wait for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    found = {kind: lost(kind, asked.times) for kind in FAULTS}
    for kind, each in found.items():
        sys.stdout.write(
            f"{kind}, {asked.times} times: {each.frames} frames received, {each.frames_missing} without a record; "
            f"{each.instances} instances, {each.instances_missing} without one; back after {each.back_after:.1f} s\n"
        )
    sys.exit(0 if all(each.good for each in found.values()) else 1)


if __name__ == "__main__":
    main()
