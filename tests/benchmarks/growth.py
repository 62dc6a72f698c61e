"""What a frame costs where there are many: frames in an instance, instances in the catalogue, bytes in a download.

Asked of the door itself: with If-None-Match a request never takes the short way of release/turnstile.py.
"""

from __future__ import annotations

import io
import os
import random
import struct
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydicom
from PIL import Image
from sqlalchemy import select

from gateway import clock
from gateway import db as database
from gateway.catalogue.models import Instance, Screening
from gateway.pixels.detect.model import model_hash
from gateway.pixels.rules import load_rules
from gateway.pixels.screen import CLEAN
from gateway.settings import ROOT, current
from tests.benchmarks import filling, memory
from tests.benchmarks.dataplane import Wire, _served
from tests.benchmarks.rows import Row
from tests.conftest import free_port
from tests.databases import OPTIONS, Server, programs
from tests.release.served.houses import House, Reader, a_house, a_reader, a_site, first, place

FEW, MANY = 1_000, 1_000_000  # frames
CATALOGUE = int(os.environ.get("CATALOGUE", "10000000"))  # instances
HUGE = 5_000  # frames of 1 MB
SERVE = (sys.executable, "-m", "gateway.cli", "serve")
ASKED = 700  # frames asked for, one after another
PAGES = 100  # first pages of a search
DOOR = '*/*\r\nIf-None-Match: "x"'
SIDE = 16  # pixels of a tile
PARTS = ("frames", "memory", "sqlite", "postgresql")  # those that are measured: GROWTH=sqlite,memory


def measure() -> list[Row]:
    """Rows of growth."""
    chosen = os.environ.get("GROWTH", ",".join(PARTS)).split(",")
    rows: list[Row] = []
    if "frames" in chosen or "memory" in chosen:
        rows += _of_large_instances(chosen)
    if "sqlite" in chosen:
        rows += _of_a_catalogue("SQLite", lambda _folder, _held: "")
    if "postgresql" in chosen and programs() is not None:
        rows += _of_a_catalogue("PostgreSQL", _a_server)
    return rows


def _of_large_instances(chosen: list[str]) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as name, ExitStack() as held:
        house = a_house(Path(name), free_port())
        for code, count, length in (("FEW", FEW, 0), ("MANY", MANY, 0), ("HUGE", HUGE, 1_000_000)):
            a_slide_of_frames(house, code, count, length)
        all_seen()
        reader = a_reader(house)
        gateway = held.enter_context(_served(SERVE, house))
        told = _told(house, reader)
        rows = memory.rows_of(house, reader, told[FEW], told[HUGE], gateway.pid) if "memory" in chosen else []
        return [*rows, *([_frames(house, reader, told[FEW], told[MANY])] if "frames" in chosen else [])]


def _a_server(folder: Path, held: ExitStack) -> str:
    """A PostgreSQL that flushes every commit, with a database; its URL."""
    (folder / "postgresql").mkdir()
    server = Server(folder / "postgresql", OPTIONS)
    server.start()
    held.callback(server.stop)
    server.make("slidegate")
    return server.url("slidegate")


def _of_a_catalogue(kind: str, database_url: Any) -> list[Row]:
    """The same house before and after many instances have come into its catalogue, and as many into its manifests."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as held:
        folder = Path(name)
        folder.chmod(0o755)
        house = a_house(folder, free_port(), database_url=database_url(folder, held))
        a_slide_of_frames(house, "FEW", FEW, 0)
        all_seen()
        reader = a_reader(house)
        database.engine().dispose()
        held.enter_context(_served(SERVE, house))
        told = _told(house, reader)[FEW]
        before = _costs(house, reader, told)
        filling.fill(CATALOGUE)
        after = _costs(house, reader, told)
        names = ("one frame", "first page of a search of all instances")
        full = f"{CATALOGUE:,} instances in the catalogue, {kind}"
        return [
            Row("scale", f"{what}, {full}", late * 1000, "ms", "a few hundred", late / early, "<= 1.2 times",
                late <= 1.2 * early)
            for what, early, late in zip(names, before, after, strict=True)
        ]  # fmt: skip


def _costs(house: House, reader: Reader, told: dict[str, Any]) -> tuple[float, float]:
    """Seconds of one frame, and of the first page of a search: the best of three medians each."""
    path = urlsplit(house.url(reader, "instances?limit=20")).path + "?limit=20"
    frames = min(_median(house, reader, told) for _ in range(3))
    return frames, min(_page(house, reader, path) for _ in range(3))


def _page(house: House, reader: Reader, path: str) -> float:
    wire, taken = Wire(house.base_url, reader.token), []
    for _ in range(PAGES):
        started = time.perf_counter()
        wire.get(path, "application/dicom+json")
        taken.append(time.perf_counter() - started)
    return sorted(taken)[len(taken) // 2]


def a_slide_of_frames(house: House, code: str, count: int, length: int) -> None:
    """A site whose one slide has so many frames, of `length` bytes or the least, with an extended offset table."""
    source = sorted(house.archive.glob("NGH/*/SM/*_0.dcm"))[0]
    (house.archive / code).mkdir()
    slide = pydicom.dcmread(source, stop_before_pixels=True)
    tile = io.BytesIO()
    Image.effect_noise((SIDE, SIDE), 40).convert("RGB").save(tile, "JPEG", quality=80, subsampling=0)
    frame = tile.getvalue() + b"\0" * (len(tile.getvalue()) % 2)
    length = length or len(frame)
    slide.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    across = 1000
    slide.Rows = slide.Columns = SIDE
    slide.NumberOfFrames = count
    slide.TotalPixelMatrixColumns, slide.TotalPixelMatrixRows = across * SIDE, count // across * SIDE
    item = length + 8
    slide.ExtendedOffsetTable = struct.pack(f"<{count}Q", *range(0, item * count, item))
    slide.ExtendedOffsetTableLengths = struct.pack("<Q", length) * count
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(slide, keyword, pydicom.uid.generate_uid())
    slide.PatientID = f"{code}-1"
    slide.file_meta.MediaStorageSOPInstanceUID = slide.SOPInstanceUID
    path = house.archive / code / "many.dcm"
    slide.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=True)
    with path.open("r+b") as handle:
        handle.seek(0, io.SEEK_END)
        handle.write(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0")
        one = b"\xfe\xff\x00\xe0" + length.to_bytes(4, "little") + frame
        begin = handle.tell()
        for number in range(count):
            handle.seek(begin + number * item)
            handle.write(one)  # what is left of it is a hole in the file
        handle.seek(begin + count * item)
        handle.write(b"\xfe\xff\xdd\xe0\0\0\0\0")
    a_site(house, code, code)


def all_seen() -> None:
    """Every instance counts as looked at, and clean: it is serving that is measured."""
    with database.transaction() as db:
        rules = load_rules(current().policies_dir).sha256
        for each in db.scalars(select(Instance)):
            db.add(
                Screening(
                    instance_id=each.id,
                    version=each.version,
                    rules_sha256=rules,
                    model_sha256=model_hash(),
                    state=CLEAN,
                    screened_at=clock.now(),
                )
            )


def _told(house: House, reader: Reader) -> dict[int, dict[str, Any]]:
    """Number of frames -> what a search says of the instance that has so many."""
    with house.client(reader) as client:
        found = client.get("instances").json()
    return {int(first(each, "00280008")): each for each in found if first(each, "00080060") == "SM"}


def _median(house: House, reader: Reader, told: dict[str, Any]) -> float:
    """Seconds of one frame of any number, half of the requests; the first ones are not counted."""
    count = int(first(told, "00280008"))
    wire, taken, chance = Wire(house.base_url, reader.token), [], random.Random(1)
    for asked in range(ASKED):
        path = urlsplit(house.url(reader, place(told), f"frames/{chance.randrange(count) + 1}")).path
        started = time.perf_counter()
        wire.get(path, DOOR)
        if asked >= 100:
            taken.append(time.perf_counter() - started)
    return sorted(taken)[len(taken) // 2]


def _frames(house: House, reader: Reader, few: dict[str, Any], many: dict[str, Any]) -> Row:
    small, large = (min(_median(house, reader, each) for _ in range(3)) for each in (few, many))
    return Row("scale", f"one frame of {MANY:,} in an instance", large * 1000, "ms", f"one of {FEW:,}", large / small,
               "<= 1.2 times", large <= 1.2 * small)  # fmt: skip
