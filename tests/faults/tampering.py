"""`python -m tests.faults.tampering --events 100000`: a bundle is bent in every way, at random places, and checked.

Every kind is tried many times, anywhere in the log; whatever is not found is an error.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway import clock, db
from gateway.audit import bundle
from gateway.audit.contents import Asked
from gateway.audit.offline import layout
from gateway.audit.offline.check import check
from gateway.audit.search import EVERYTHING, Search
from gateway.migrate import upgrade
from gateway.settings import Settings, use
from gateway.trail import notes, sequencer, signing
from gateway.trail.merkle import Frontier, leaf
from tests.benchmarks.bundle import BATCH, fill

Bend = Callable[[list[bytes], random.Random], list[bytes]]


def _flip(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    line = bytearray(lines[place])
    line[chance.randrange(len(line) - 1)] ^= 1 << chance.randrange(8)
    return [*lines[:place], bytes(line), *lines[place + 1 :]]


def _delete(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines) - 1)
    return [*lines[:place], *lines[place + 1 :]]


def _reorder(lines: list[bytes], chance: random.Random) -> list[bytes]:
    a, b = sorted(chance.sample(range(len(lines)), 2))
    return [*lines[:a], lines[b], *lines[a + 1 : b], lines[a], *lines[b + 1 :]]


def _truncate(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return lines[: -chance.randrange(1, len(lines))]


def _insert(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    return [*lines[:place], lines[chance.randrange(len(lines))], *lines[place:]]


WHOLE: dict[str, Bend] = {
    "flip a bit": _flip,
    "delete": _delete,
    "reorder": _reorder,
    "truncate": _truncate,
    "insert": _insert,
}


def found(events: int, times: int, seed: int) -> dict[str, int]:
    """Kind of tampering -> how often of so many times it was found."""
    chance, result = random.Random(seed), dict[str, int]()
    with tempfile.TemporaryDirectory() as name:
        whole, part = _bundles(Path(name), events)
        noted = (whole / layout.CHECKPOINT).read_text("utf-8")
        assert check(whole).sound
        assert check(part).sound
        for kind, bend in WHOLE.items():
            result[kind] = sum(_is_found(whole, (layout.EVENTS,), bend, chance) for _ in range(times))
        result["fork, signed with the key"] = sum(_fork_is_found(whole, noted, chance) for _ in range(times))
        gap = (layout.EVENTS, layout.PROOFS)
        result["missing number of a project"] = sum(_is_found(part, gap, _delete, chance) for _ in range(times))
        result["flip a bit of a proof"] = sum(_is_found(part, (layout.PROOFS,), _flip, chance) for _ in range(times))
    return result


def _bundles(folder: Path, events: int) -> tuple[Path, Path]:
    """The whole log as a bundle, and one project's part of it."""
    use(replace(Settings(), data_dir=folder))
    db.bind(f"sqlite:///{folder}/log.db")
    upgrade()
    fill(events)
    sequencer.sequence(now=clock.now())
    with db.reading() as session:
        for name, search in (("whole", EVERYTHING), ("part", Search(project="project3"))):
            bundle.write(session, folder / name, Asked(search, (), named=False, now=clock.now()))
    return folder / "whole", folder / "part"


@contextmanager
def _restored(paths: list[Path]) -> Iterator[list[list[bytes]]]:
    before = [path.read_bytes() for path in paths]
    try:
        yield [each.splitlines(keepends=True) for each in before]
    finally:
        for path, body in zip(paths, before, strict=True):
            path.write_bytes(body)


def _is_found(folder: Path, names: tuple[str, ...], bend: Bend, chance: random.Random) -> bool:
    """Bend the files alike, make bundle.json agree with what is left, and check."""
    state = chance.getrandbits(64)
    with _restored([folder / name for name in (*names, layout.ABOUT)]) as files:
        for name, lines in zip(names, files, strict=False):
            bent = bend(lines, random.Random(state))
            (folder / name).write_bytes(b"".join(bent))
        count = len((folder / layout.EVENTS).read_bytes().splitlines())
        about = b"".join(files[-1]).decode()
        old = len(files[0]) if layout.EVENTS in names else count
        (folder / layout.ABOUT).write_text(about.replace(f'"events": {old}', f'"events": {count}'), "utf-8")
        return not check(folder).sound


def _fork_is_found(folder: Path, noted: str, chance: random.Random) -> bool:
    """One event is changed and everything is signed anew with the gateway's own key: a noted checkpoint tells."""
    names = (layout.EVENTS, layout.CHECKPOINT, layout.HISTORY)
    with _restored([folder / name for name in names]) as (events, _stated, _history):
        place = chance.randrange(len(events) // 2)
        events[place] = events[place].replace(b'"frames":3', b'"frames":4')
        growing = Frontier()
        for line in events:
            growing.append(leaf(line.rstrip(b"\n")))
        with db.reading() as session:
            _, key = signing.present(session, now=clock.now())
        origin = noted.splitlines()[0]
        (folder / layout.EVENTS).write_bytes(b"".join(events))
        stated = notes.Checkpoint(origin, growing.size, growing.root())
        (folder / layout.CHECKPOINT).write_text(notes.sign(stated, (origin, key)), "utf-8")
        (folder / layout.HISTORY).write_text("", "utf-8")
        return not check(folder, seen=[noted]).sound


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help=f"a multiple of {BATCH}")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    result = found(asked.events, asked.times, asked.seed)
    for kind, count in result.items():
        sys.stdout.write(f"{kind:30} {count} of {asked.times} found\n")
    sys.exit(0 if set(result.values()) == {asked.times} else 1)


if __name__ == "__main__":
    main()
