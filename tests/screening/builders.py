"""A small archive of what a machine cannot judge: a slide that somebody wrote on, and a clip of ultrasound."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import select

from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue.models import Dataset, Instance, Screening
from gateway.catalogue.seen import latest, write
from gateway.clock import now
from gateway.demo.frames import JPEG_422
from gateway.demo.patients import cast
from gateway.demo.radiology import write_ultrasound
from gateway.demo.slides import Case, SlideSpec, write_slide
from gateway.demo.uids import Uids
from gateway.jobs.models import State, WorkItem
from gateway.pixels.boxes import Box
from gateway.pixels.findings import TEXT
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import REVIEW, Mark, Screened
from gateway.release.jobs import build_release, refresh_releases
from gateway.screening.jobs import carry_out, rescan
from gateway.settings import ROOT, current
from gateway.trail.record import SYSTEM
from tests.people.visitors import an_account
from tests.release.builders import SITE, a_catalogue, a_release, bound_to

HANDLERS = {
    "release.build": build_release,
    "release.refresh": refresh_releases,
    "screening.settle": carry_out,
    "screening.rescan": rescan,
}
NAME_BOX = [80, 60, 920, 330]  # where the name stands on the level that is looked at


def the_template(root: Path) -> Path:
    """A data directory with the archive, its catalogue, and a release in which both images wait for people."""
    before = settings_room.current()
    patient = cast(5, 1)[0]
    spec = SlideSpec(JPEG_422, width=1024, height=768, levels=2, pen=True)
    accession = f"{SITE}26-510009"
    case = Case(patient, Uids(accession, patient), SITE, "Northfield", accession, "A1", "20260302", spec, 705)
    write_slide(root / "archive" / "SM", case)
    write_ultrasound(root / "archive" / "US", case)
    (root / "data").mkdir()
    shutil.copytree(ROOT / "policies", root / "data" / "policies")
    with bound_to(root / "data"):
        a_catalogue(root / "archive")
        a_release(an_account("ada"))
        _let_the_clip_wait()
        for name in ("priya", "paul"):
            an_account(name, "data-steward")
    settings_room.use(before)
    return root


def _let_the_clip_wait() -> None:
    """As if text had been found in the clip three times."""
    with database.transaction() as db:
        clip = db.scalars(select(Instance).where(Instance.modality == "US")).one()
        marks = tuple(Mark(frame, TEXT, Box(8, 8, 200, 40)) for frame in range(clip.frame_count))
        write(db, clip, Screened(REVIEW, marks, {}, 3), rules(), by=SYSTEM, now=now())
    refresh_releases({"instances": [clip.id]})


def rules() -> PixelRules:
    return load_rules(current().policies_dir)


def every_dataset() -> list[str]:
    with database.reading() as db:
        return list(db.scalars(select(Dataset.id)))


def do_the_work() -> None:
    """Every queued item, and what it queues, in this process."""
    while True:
        with database.transaction() as db:
            item = db.scalars(select(WorkItem).where(WorkItem.state == State.QUEUED.value)).first()
            if item is None:
                return
            item.state, kind, payload = State.DONE.value, item.kind, item.payload
        HANDLERS[kind](payload)


def seen_in(modality: str) -> list[Screening]:
    """The screenings that count, of the instances of a modality, the largest image first."""
    with database.reading() as db:
        found = db.scalars(select(Instance).where(Instance.modality == modality))
        looked = [(each, latest(db, each, rules())) for each in found]
        ordered = sorted(looked, key=lambda pair: -pair[0].total_columns)
        return [screening for _instance, screening in ordered if screening is not None]
