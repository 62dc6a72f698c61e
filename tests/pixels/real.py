"""What the screening makes of every real file in pydicom's and deid-data's packages, one by one.

`python -m tests.pixels.real` prints it beside judged.csv, which says what was seen on each by eye (text, none, or no
picture where none can be made of it; `seen` in words), and what has to become of it.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import deid_data
import pydicom.data

from gateway.dicom.header import Header, read_header
from gateway.dicom.source import FileSource
from gateway.errors import SlidegateError
from gateway.pixels.detect.reader import Reader
from gateway.pixels.devices import verdict
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import Eyes, screen
from gateway.pixels.source import frames_of, pixel_facts
from gateway.settings import ROOT

LIST = Path(__file__).parent / "judged.csv"
TEXT, NONE, NO_PICTURE = "text", "none", "no picture"


@dataclass(frozen=True, slots=True)
class Judged:
    """One file, and what became of it: clean, redacted, review, withheld by a device rule, or why it cannot be read."""

    file: str
    modality: str
    size: str
    frames: int
    outcome: str
    marks: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person saw in a file, what has to become of it, and whether the suite looks at it, or the bench alone."""

    person: str
    outcome: str
    in_suite: bool


def real_files() -> Iterator[Path]:
    """DICOM files that install with the packages."""
    for package in (Path(pydicom.data.__file__).parent / "test_files", Path(deid_data.__file__).parent):
        yield from sorted(package.rglob("*.dcm"), key=lambda path: path.name)


def verdicts() -> dict[str, Verdict]:
    """By the file's name."""
    with LIST.open(newline="") as rows:
        return {
            row["file"]: Verdict(row["person"], row["outcome"], row["run"] == "suite") for row in csv.DictReader(rows)
        }


def judge(path: Path, rules: PixelRules, eyes: Eyes) -> Judged:
    """Look at one file as a release would."""
    begun = time.perf_counter()
    source = FileSource(path)
    modality, size, count = "", "", 0
    try:
        header = read_header(source)
        modality = _modality(header)
        facts = pixel_facts(header)
        frames, count = frames_of(header)
        size = f"{facts.columns}x{facts.rows}"
        said = verdict(rules.devices, header.parsed(), facts.columns, facts.rows)
        if said.withheld_by:
            return Judged(path.name, modality, size, count, "withheld", 0, time.perf_counter() - begun)
        done = screen(frames, count, facts, eyes, said.boxes)
        places = {mark.box for mark in done.marks}
        return Judged(path.name, modality, size, count, done.state, len(places), time.perf_counter() - begun)
    except SlidegateError as error:
        return Judged(path.name, modality, size, count, error.code, 0, time.perf_counter() - begun)
    finally:
        source.close()


def _modality(header: Header) -> str:
    return (header.value(0x00080060) or b"").decode("latin-1").strip("\0 ")


def main() -> None:
    """Print the list."""
    rules, eyes, known = load_rules(ROOT / "policies"), Reader(), verdicts()
    click.echo(f"{'file':44}{'':5}{'size':>12}{'frames':>8}  {'outcome':22}{'marks':>6}{'s':>8}  a person saw")
    for path in real_files():
        j, said = judge(path, rules, eyes), known[path.name]
        click.echo(
            f"{j.file[:43]:44}{j.modality:5}{j.size:>12}{j.frames:>8}  {j.outcome:22}{j.marks:>6}{j.seconds:8.2f}"
            f"  {said.person}{'' if j.outcome == said.outcome else f', and it has to be {said.outcome}'}"
        )


if __name__ == "__main__":
    main()
