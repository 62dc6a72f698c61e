"""Headers: ours against deid, dicognito, dicom-anonymizer and dcmanon on the same files; and files against `cp`."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pydicom
from dcmanon import Anonymizer as Dcmanon
from deid.config import DeidRecipe
from deid.dicom import replace_identifiers
from deid.logger import bot
from dicognito.anonymizer import Anonymizer as Dicognito
from dicomanonymizer import anonymize_dataset
from pydicom.sequence import Sequence

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
BIG = 500 * 1024 * 1024  # bytes
TYPICAL = 17_000  # bytes of a slide's header
SERVED = 10_000  # instances in a row


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        sparse = replace(cases(7, 0.25)[5], spec=replace(cases(7, 0.25)[5].spec, tile=128))
        slide = write_slide(Path(folder), sparse)[0]
        typical, long, longer = front(slide, 65), front(slide, 10_000), front(slide, 100_000)
        return [*_headers(typical, long), _growth(long, longer), _memory(long, Path(folder)),
                _to_disk(slide, Path(folder)), *_in_a_row(typical)]  # fmt: skip


def front(slide: Path, frames: int) -> bytes:
    """The slide's header with so many per-frame items, and hardly any pixels."""
    dataset = pydicom.dcmread(slide)
    groups = list(dataset.PerFrameFunctionalGroupsSequence)
    dataset.PerFrameFunctionalGroupsSequence = Sequence([groups[number % len(groups)] for number in range(frames)])
    dataset.NumberOfFrames = frames
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"):
        if keyword in dataset:
            del dataset[keyword]
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    target = BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def ours(data: bytes) -> bytes:
    return rewrite(read_header(BytesSource(data)), PLAN, KEYS)


def _written(dataset: pydicom.Dataset) -> bytes:
    target = BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def _deid(data: bytes) -> bytes:
    bot.level = 0
    dataset = pydicom.dcmread(BytesIO(data), force=True)
    (done,) = replace_identifiers(
        [dataset], deid=DeidRecipe(deid=None), strip_sequences=False, remove_private=True, save=False
    )
    return _written(done)


def _dicognito(data: bytes) -> bytes:
    dataset = pydicom.dcmread(BytesIO(data))
    Dicognito().anonymize(dataset)
    return _written(dataset)


def _dicom_anonymizer(data: bytes) -> bytes:
    dataset = pydicom.dcmread(BytesIO(data))
    anonymize_dataset(dataset)
    return _written(dataset)


def _dcmanon(data: bytes) -> bytes:
    return bytes(Dcmanon().anonymize(BytesIO(data)))


PYTHON: dict[str, Callable[[bytes], bytes]] = {
    "deid": _deid, "dicognito": _dicognito, "dicom-anonymizer": _dicom_anonymizer,
}  # fmt: skip


def _headers(typical: bytes, long: bytes) -> list[Row]:
    rows = []
    for data, frames, peers in (
        (typical, 65, PYTHON),
        (long, 10_000, {k: v for k, v in PYTHON.items() if k != "deid"}),
    ):
        mine = best_seconds(lambda data=data: ours(data), rounds=20)  # type: ignore[misc]
        name = f"header of {len(data):,} bytes, {frames:,} frames"
        for peer, work in {**peers, "dcmanon (Rust)": _dcmanon}.items():
            theirs = best_seconds(lambda work=work, data=data: work(data), rounds=2)  # type: ignore[misc]
            rust, short = "Rust" in peer, frames == 65
            goal = 0 if rust and short else 1 if rust else 20
            met = theirs / mine >= goal and (not short or mine <= 0.001)
            wanted = " and ".join([f">= {goal} times as fast"] * (goal > 0) + ["<= 1 ms"] * short)
            rows.append(Row("deid", name, mine * 1000, "ms", peer, theirs / mine, wanted, met))
    return rows


def _growth(long: bytes, longer: bytes) -> Row:
    ten, hundred = (best_seconds(lambda data=data: ours(data)) for data in (long, longer))  # type: ignore[misc]
    return Row("deid", "header of 100,000 frames", hundred * 1000, "ms", "10,000 frames", hundred / ten,
               "<= 12 times as long", hundred / ten <= 12)  # fmt: skip


ALONE = """
import re, sys
from pathlib import Path
from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import load_plan
from gateway.deid.rewrite import rewrite
from gateway.dicom.header import read_header
from gateway.dicom.source import FileSource
from gateway.settings import ROOT
plan = load_plan(ROOT / "policies", "pathology-research")
if len(sys.argv) > 1:
    rewrite(read_header(FileSource(Path(sys.argv[1]))), plan, ProjectKeys(b"benchmark" * 4))
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())  # getrusage counts the parent's as well
print(int(peak[1]) / 1024)
"""


def _memory(long: bytes, folder: Path) -> Row:
    """Peak memory of a process of its own, beside one that only loads the plan."""
    path = folder / "long.dcm"
    path.write_bytes(long)
    with_it, without = (
        float(subprocess.run([sys.executable, "-c", ALONE, *more], cwd=ROOT, capture_output=True, check=True).stdout)
        for more in ([str(path)], [])
    )
    return Row("deid", "header of 10,000 frames, memory", with_it - without, "MB", "the plan alone", with_it / without,
               "< 64 MB more", with_it - without < 64)  # fmt: skip


def _to_disk(slide: Path, folder: Path) -> Row:
    """A large instance: the demo's, made longer until it weighs BIG; beside `cp`."""
    source = FileSource(slide)
    header = read_header(source)
    assert header.pixel is not None
    big, copied, written = folder / "big.dcm", folder / "copy.dcm", folder / "ours.dcm"
    with big.open("wb") as target:
        target.write(source.read(0, index_frames(header).end))
        for _ in range((BIG - target.tell()) // (1 << 20)):
            target.write(bytes(1 << 20))
    large = FileSource(big)

    def mine() -> None:
        written.unlink(missing_ok=True)
        start = read_header(large)
        assert start.pixel is not None
        rest = SourceRange(large, start.pixel.start, large.size - start.pixel.start)
        with written.open("xb", buffering=0) as target:
            Rope([Literal(rewrite(start, PLAN, KEYS)), rest]).write_to(target.fileno())

    def theirs() -> None:
        copied.unlink(missing_ok=True)
        subprocess.run([shutil.which("cp") or "cp", "--reflink=never", str(big), str(copied)], check=True)

    took = [(best_seconds(mine, rounds=1), best_seconds(theirs, rounds=1)) for _ in range(5)]
    ratio = min(a for a, _ in took) / min(b for _, b in took)
    return Row("deid", f"instance of {BIG >> 20} MiB to disk", min(a for a, _ in took), "s", "cp", ratio,
               "<= 1.25 times cp", ratio <= 1.25)  # fmt: skip


def _in_a_row(typical: bytes) -> list[Row]:
    """Time and memory of the last thousand beside the second thousand."""
    seconds, memory = [], []
    for _ in range(SERVED // 1000):
        begun = time.perf_counter()
        for _ in range(1000):
            ours(typical)
        seconds.append(time.perf_counter() - begun)
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    slower, larger = min(seconds[-3:]) / min(seconds[1:4]), memory[-1] / memory[1]
    name = f"{SERVED:,} headers in a row"
    return [
        Row("deid", name, seconds[-1], "ms each", "the second thousand", slower, "<= 1.1 times", slower <= 1.1),
        Row("deid", f"{name}, memory", memory[-1], "MB", "the second thousand", larger, "<= 1.02", larger <= 1.02),
    ]
