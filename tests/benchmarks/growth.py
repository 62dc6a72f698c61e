"""What a frame costs where there are many: frames in an instance, instances in the catalogue, bytes in a download.

Asked of the door itself: with If-None-Match a request never takes the short way of release/turnstile.py.
"""

from __future__ import annotations

import io
import random
import shutil
import struct
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydicom
from PIL import Image
from sqlalchemy import select, text

from gateway import clock
from gateway import db as database
from gateway.catalogue.models import Instance, Screening
from gateway.pixels.detect.model import model_hash
from gateway.pixels.rules import load_rules
from gateway.pixels.screen import CLEAN
from gateway.settings import ROOT, current
from tests.benchmarks.dataplane import Wire, _below, _memory, _served
from tests.benchmarks.rows import Row
from tests.conftest import free_port
from tests.release.served.houses import House, Reader, a_house, a_reader, a_site, first, place

FEW, MANY = 1_000, 1_000_000  # frames
CATALOGUE = 10_000_000  # instances
HUGE = 5_000  # frames of 1 MB
SERVE = (sys.executable, "-m", "gateway.cli", "serve")
ASKED = 1500  # frames asked for, one after another
DOOR = '*/*\r\nIf-None-Match: "x"'
SIDE = 16  # pixels of a tile

FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO instance (id, archive_id, series_id, locator, size, version, state, reason, header_sha256, uid, sop_class,
    image_type, modality, transfer_syntax, burned_in, label_in_image, manufacturer, model, instance_number, "rows",
    columns, total_rows, total_columns, frame_count)
SELECT printf('z%015d', i), archive_id, series_id, printf('filled/%012d.dcm', i), size, version, state, '',
    header_sha256, printf('1.2.826.0.1.3680043.8.498.%015d', i), sop_class, image_type, modality,
    transfer_syntax, '', '', '', '', 1, "rows", columns, total_rows, total_columns, frame_count
FROM n, (SELECT * FROM instance WHERE state = 'indexed' LIMIT 1)
"""  # fmt: skip


def measure() -> list[Row]:
    """Rows of growth."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name, ExitStack() as held:
        house = a_house(Path(name), free_port())
        for code, count, length in (("FEW", FEW, 0), ("MANY", MANY, 0), ("HUGE", HUGE, 1_000_000)):
            a_slide_of_frames(house, code, count, length)
        all_seen()
        reader = a_reader(house)
        full = _filled(house, Path(name))
        house.move_in()
        gateway = held.enter_context(_served(SERVE, house))
        told = _told(house, reader)
        rows = [_frames(house, reader, told[FEW], told[MANY])]
        rows += _memory_of_a_download(house, reader, told[HUGE], gateway.pid)
        held.enter_context(_served(SERVE, full))
        rows.append(_catalogue(house, full, reader, told[FEW]))
        return rows


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


def _filled(house: House, folder: Path) -> House:
    """The same house once more, with many instances in its catalogue."""
    database.engine().dispose()
    shutil.copytree(house.settings.data_dir, folder / "full")
    port = free_port()
    settings = replace(house.settings, data_dir=folder / "full", port=port, base_url=f"http://127.0.0.1:{port}")
    made = House(settings, house.archive)
    made.move_in()
    with database.transaction() as db:
        db.execute(text(FILL), {"count": CATALOGUE})
    return made


def _catalogue(house: House, full: House, reader: Reader, told: dict[str, Any]) -> Row:
    """Both are asked in turn, so that what else the machine does meets them alike."""
    pairs = [(_median(house, reader, told), _median(full, reader, told)) for _ in range(3)]
    before, after = (min(each) for each in zip(*pairs, strict=True))
    return Row("scale", f"one frame, {CATALOGUE:,} instances in the catalogue", after * 1000, "ms", "a few hundred",
               after / before, "<= 1.2 times", after <= 1.2 * before)  # fmt: skip


def _memory_of_a_download(house: House, reader: Reader, told: dict[str, Any], pid: int) -> list[Row]:
    """How much the web workers grow while they give an instance of many gigabytes."""
    path = urlsplit(house.url(reader, place(told))).path
    before = sum(_memory(worker) for worker in _below(pid))
    size = Wire(house.base_url, reader.token).get(path, "application/dicom")
    grown = sum(_memory(worker) for worker in _below(pid)) - before
    return [Row("scale", f"memory taken by a download of {size / 1e9:.1f} GB", grown, "MB", "its bytes",
                grown * 1e6 / size, "flat: <= 10 MB", grown <= 10)]  # fmt: skip
