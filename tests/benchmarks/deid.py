"""Headers: ours against the deid library on the same file, and a whole instance to disk against a plain copy."""

from __future__ import annotations

import shutil
import tempfile
from io import BytesIO
from pathlib import Path

import pydicom
from deid.config import DeidRecipe
from deid.dicom import replace_identifiers
from deid.logger import bot

from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import load_plan
from gateway.deid.rewrite import rewrite
from gateway.demo.archive import cases
from gateway.demo.slides import write_slide
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import read_header
from gateway.dicom.rope import Literal, Rope, SourceRange
from gateway.dicom.source import BytesSource, FileSource
from gateway.settings import ROOT
from tests.benchmarks.rows import Row, best_seconds

KEYS = ProjectKeys(b"benchmark" * 4)
PLAN = load_plan(ROOT / "policies", "pathology-research")
BIG = 300 * 1024 * 1024  # bytes


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        slide = write_slide(Path(folder), cases(7, 0.25)[0])[0]
        return [_header(slide), _to_disk(slide, Path(folder))]


def _header(slide: Path) -> Row:
    header = read_header(FileSource(slide))
    front = bytes(128) + b"DICM" + header.meta + header.dataset
    bot.level = 0
    recipe = DeidRecipe(deid=None)  # the library's own default recipe

    def theirs() -> None:
        dataset = pydicom.dcmread(BytesIO(front), force=True)
        replace_identifiers([dataset], deid=recipe, strip_sequences=False, remove_private=True, save=False)

    ours = best_seconds(lambda: [rewrite(read_header(BytesSource(front)), PLAN, KEYS) for _ in range(20)]) / 20
    peer = best_seconds(theirs, rounds=3)
    return Row("deid", f"slide header of {len(header.dataset):,} bytes", ours * 1000, "ms", "deid", peer / ours,
               ">= 20 times faster", peer / ours >= 20)  # fmt: skip


def _to_disk(slide: Path, folder: Path) -> Row:
    """A large instance: the demo's, its one frame repeated until it weighs BIG."""
    source = FileSource(slide)
    header = read_header(source)
    assert header.pixel is not None
    big = folder / "big.dcm"
    with big.open("wb") as target:
        target.write(source.read(0, index_frames(header).end))
        target.truncate(BIG)
    large = FileSource(big)

    def ours() -> None:
        front = rewrite(read_header(large), PLAN, KEYS)
        assert header.pixel is not None
        rope = Rope([Literal(front), SourceRange(large, header.pixel.start, BIG - header.pixel.start)])
        with (folder / "ours.dcm").open("wb") as target:
            for chunk in rope.chunks():
                target.write(chunk)

    copied = folder / "copy.dcm"
    peer = best_seconds(lambda: (copied.unlink(missing_ok=True), _plain_copy(big, copied)))
    mine = best_seconds(lambda: ((folder / "ours.dcm").unlink(missing_ok=True), ours()))
    return Row("deid", f"instance of {BIG >> 20} MiB to disk", mine, "s", "read/write copy", mine / peer,
               "<= 1.25 times the copy", mine / peer <= 1.25)  # fmt: skip


def _plain_copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer, 256 * 1024)
