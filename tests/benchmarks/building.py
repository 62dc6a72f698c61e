"""Building the release of a catalogue of many: seconds, memory, and how long a lease waits meanwhile.

The catalogue is filled with instances that share one file, so that each header is read and rewritten as any other.
A build is stopped once its list is frozen and some of it is checked, as a crash would stop it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from gateway import clock
from gateway import db as database
from gateway.catalogue.models import Archive, Dataset, DatasetStudy, FrameTable, Instance, Screening, Series, Study
from gateway.pixels.detect.model import model_hash
from gateway.pixels.rules import load_rules
from gateway.pixels.screen import CLEAN
from gateway.projects.models import Grant
from gateway.settings import ROOT, current
from gateway.trail.leases import open_lease
from gateway.trail.record import SYSTEM
from tests.benchmarks.rows import Row
from tests.conftest import free_port
from tests.release.served.houses import House, a_grant, a_house, an_account

MANY = int(os.environ.get("INSTANCES", "1000000"))
FEW = MANY // 10
CHECKED = 4_000  # instances whose headers are tried
OF_A_STUDY = 10
AT_ONCE = 10_000  # rows that are filled in at once
PAUSE = 0.02  # seconds between two leases
BUILD = """
import sys, time
from gateway import clock
from gateway.release.building import build
from gateway.trail.record import SYSTEM

grant, most = sys.argv[1], int(sys.argv[2])
begun, frozen, first, busy = time.perf_counter(), None, 0, time.process_time()

def memory():
    return int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) / 1000

def told(state, done, every):
    global frozen, first, busy
    if state != "checking":
        return
    if frozen is None:
        frozen, first = time.perf_counter(), done
        print(frozen - begun, time.process_time() - busy, memory(), flush=True)
        busy = time.process_time()
    elif done - first >= most or done == every:
        print((time.perf_counter() - frozen) / (done - first), (time.process_time() - busy) / (done - first),
              memory(), flush=True)
        sys.exit()

build(by=SYSTEM, grant_id=grant, now=clock.now(), progress=told)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, those of them that the processor worked, and the most memory that was taken, MB."""

    seconds: float
    busy: float
    memory: float


@dataclass(frozen=True, slots=True)
class Built:
    """What it took until the list was frozen, and for each header after; the longest wait of a lease in seconds."""

    listing: Cost
    each: Cost
    wait: float


def measure() -> list[Row]:
    """Rows of building."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        house = a_house(Path(name), free_port())
        few, many = (_built(house, _filled(count, str(count))) for count in (FEW, MANY))
        listing, each, memory = many.listing, many.each, many.each.memory
        most = few.each.memory
        return [
            Row("scale", f"list of {MANY:,} instances frozen", listing.seconds, "s", "its processor time",
                listing.seconds / listing.busy, "< 60 s", listing.seconds < 60),
            Row("scale", f"processor time of freezing {MANY:,} instances", listing.busy, "s",
                f"{MANY // FEW} times {FEW:,}", listing.busy / (few.listing.busy * MANY / FEW), "<= 1.2 times",
                listing.busy <= 1.2 * few.listing.busy * MANY / FEW),
            Row("scale", "one header tried while building", each.seconds * 1000, "ms", "its processor time",
                each.seconds / each.busy, "none", met=True),
            Row("scale", f"memory of building a release of {MANY:,}", memory, "MB", f"{FEW:,}", memory / most,
                "<= 1.2 times", memory <= 1.2 * most),
            Row("scale", "longest wait of a lease while a release is built", many.wait * 1000, "ms", "the listing",
                many.wait / listing.seconds, "<= 250 ms", many.wait <= 0.25),
        ]  # fmt: skip


def _filled(count: int, name: str) -> str:
    """A dataset of so many instances, ten to a study and patient; gives its id."""
    with database.reading() as db:
        like = db.scalars(select(Instance).where(Instance.modality == "SM")).first()
        assert like is not None
        columns = {each.name: getattr(like, each.name) for each in Instance.__table__.columns}
        packed = db.get_one(FrameTable, like.id).packed
        archive = db.get_one(Archive, like.archive_id)
        rules = load_rules(current().policies_dir).sha256
    with database.transaction() as db:
        db.add(Dataset(id=f"d{name}", slug=name, title=name, archive_id=archive.id, site_id=archive.site_id,
                       deid_policy="pathology-research", added_at=clock.now()))  # fmt: skip
    numbers = iter(range(count))
    screened = {"version": like.version, "rules_sha256": rules, "model_sha256": model_hash(), "state": CLEAN}
    while some := list(islice(numbers, AT_ONCE)):
        studies = [number for number in some if number % OF_A_STUDY == 0]
        rows = [(number, f"i{name}-{number:07}") for number in some]
        tables: list[tuple[Any, list[dict[str, Any]]]] = [
            (Study, [_study(name, number, archive.id) for number in studies]),
            (Series, [{"id": f"e{name}-{n:07}", "study_id": f"s{name}-{n:07}", "uid": _uid(name, 2, n),
                       "modality": "SM"} for n in studies]),
            (DatasetStudy, [{"dataset_id": f"d{name}", "study_id": f"s{name}-{n:07}"} for n in studies]),
            (Instance, [{**columns, "id": id_, "series_id": f"e{name}-{n - n % OF_A_STUDY:07}", "uid": _uid(name, 3, n),
                         "locator": _another(like.locator, n, name), "instance_number": n} for n, id_ in rows]),
            (Screening, [{**screened, "id": id_, "instance_id": id_, "screened_at": clock.now()} for _, id_ in rows]),
            (FrameTable, [{"instance_id": id_, "packed": packed} for n, id_ in rows if n < 2 * CHECKED]),
        ]  # fmt: skip
        with database.transaction() as db:
            for table, values in tables:
                if values:
                    db.execute(insert(table), values)
    return f"d{name}"


def _study(name: str, number: int, archive: str) -> dict[str, Any]:
    patient = f"{name}-{number}"
    return {"id": f"s{name}-{number:07}", "archive_id": archive, "uid": _uid(name, 1, number), "patient_id": patient}


def _uid(name: str, kind: int, number: int) -> str:
    return f"1.2.826.0.1.3680043.8.498.{name}.{kind}.{number + 1}"


def _another(locator: str, number: int, name: str) -> str:
    """Another way to write the path of the same file, for each number."""
    way = f"{number:020b}".replace("0", "./").replace("1", ".//")
    return "./" * len(name) + way + locator


def _built(house: House, dataset: str) -> Built:
    grant = a_grant(house, an_account(), datasets=[dataset])
    environment = {**os.environ, **house.environment()}
    command = [sys.executable, "-c", BUILD, grant.id, str(CHECKED)]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        wait = max(_waits(child, grant))
        assert child.stdout is not None
        listing, each = (Cost(*map(float, line.split())) for line in child.stdout)
    return Built(listing, each, wait)


def _waits(child: subprocess.Popen[str], grant: Grant) -> Iterator[float]:
    """Seconds that each of many leases took while the build ran."""
    while child.poll() is None:
        begun = time.perf_counter()
        lease = open_lease(actor=SYSTEM, project=grant.project_id, release="x", instance="y", grant=grant.id,
                           how="instance", now=clock.now())  # fmt: skip
        yield time.perf_counter() - begun
        lease.close(0, "complete")
        time.sleep(PAUSE)
