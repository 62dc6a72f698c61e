"""What a bundle consists of, and reading one from a folder or a zip file; nothing beyond Python itself.

bundle.json      what the bundle says of itself; it is not signed, and proves nothing
events.ndjson    the bodies of the events, one a line, byte for byte as they were hashed
checkpoint       the signed statement of size and root that all is proved against
keys.txt         the public keys of the log, one a line (C2SP signed-note)
history.ndjson   former checkpoints, each with the proof that the log only grew since
timestamps.ndjson  what an authority dated of these checkpoints, each with its token (RFC 3161)
leaves.bin       whole log: the hash of every event, by which a changed one is found
proofs.ndjson    part of a log: the audit path of each event
openings.ndjson  the personal values behind commitments, unless they were left out
audit.*          the same events in other forms, for reading; not proved
answer.*         part of a log: which reads these are, with what they rest on and how much in all; not proved
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

FORMAT = "slidegate-bundle/1"
ABOUT, EVENTS, CHECKPOINT, KEYS = "bundle.json", "events.ndjson", "checkpoint", "keys.txt"
HISTORY, LEAVES, PROOFS, OPENINGS = "history.ndjson", "leaves.bin", "proofs.ndjson", "openings.ndjson"
TIMESTAMPS = "timestamps.ndjson"
LOG, PROJECTS, SELECTION = "log", "projects", "selection"
SMALL = 64 * 1024 * 1024  # bytes; a file that is read whole is not larger


def form(name: str) -> str:
    """The file that holds the events in another form."""
    return f"audit.{name}"


def answer(name: str) -> str:
    """The file that holds the answer to what was asked."""
    return f"answer.{name}"


class NoBundle(ValueError):
    """This is no bundle, or a file of it cannot be read; says which."""


@dataclass(frozen=True, slots=True)
class About:
    """What a bundle says of itself."""

    scope: str
    events: int
    named: bool
    made_at: str = ""
    search: Mapping[str, Any] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)  # name of a file for reading -> its SHA-256


class Bundle:
    """The files of a bundle by name."""

    def __init__(self, path: Path) -> None:
        self._folder = path if path.is_dir() else None
        try:
            self._zip = None if self._folder else zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile):
            raise NoBundle("there is no bundle: give a folder or a zip file") from None

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file of the bundle. Raises NoBundle."""
        try:
            with self._zip.open(name) if self._zip else (self._folder or Path()).joinpath(name).open("rb") as file:
                yield file
        except (OSError, KeyError, zipfile.BadZipFile):
            raise NoBundle(f"{name} is missing or cannot be read") from None

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        if self._zip:
            return name in self._zip.namelist()
        return (self._folder or Path()).joinpath(name).is_file()

    def text(self, name: str) -> str:
        """A small file's text. Raises NoBundle."""
        with self.open(name) as file:
            raw = file.read(SMALL + 1)
        try:
            if len(raw) <= SMALL:
                return raw.decode()
        except UnicodeDecodeError:
            pass
        raise NoBundle(f"{name} cannot be read")

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The objects of a file of lines. Raises NoBundle."""
        with self.open(name) as file:
            lines = io.TextIOWrapper(file, "utf-8", errors="replace")
            for line in iter(partial(lines.readline, SMALL), ""):  # what is longer is no object
                try:
                    row = json.loads(line)
                except ValueError:
                    row = None
                if not isinstance(row, dict):
                    raise NoBundle(f"{name} holds a line that cannot be read")
                yield row

    def about(self) -> About:
        """What it says of itself. Raises NoBundle."""
        try:
            told = json.loads(self.text(ABOUT))
            if told["format"] != FORMAT or told["scope"] not in (LOG, PROJECTS, SELECTION):
                raise NoBundle("bundle.json is of another kind")
            return About(
                scope=told["scope"],
                events=int(told["events"]),
                named=bool(told["named"]),
                made_at=str(told["made_at"]),
                search=dict(told["search"]),
                forms={str(name): str(digest) for name, digest in told["forms"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise error if isinstance(error, NoBundle) else NoBundle("bundle.json cannot be read") from None
