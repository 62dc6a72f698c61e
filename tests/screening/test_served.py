"""What was taken out is not served, and a gateway that serves it all the same is found out by reading."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rapidocr_onnxruntime import RapidOCR
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue.models import Instance
from gateway.catalogue.screening import headers_of
from gateway.catalogue.seen import write
from gateway.clock import now
from gateway.dicom.rope import Rope, SourceRange
from gateway.pixels.screen import Screened, screen
from gateway.pixels.source import frames_of, pixel_facts
from gateway.release.jobs import refresh_releases
from gateway.release.slide import Slide
from gateway.trail.record import SYSTEM
from tests.release.builders import World, at, eyes
from tests.screening.builders import rules


@cache
def looked_at() -> Screened:
    """The clip as the machine leaves it; the same in every copy of the archive."""
    with database.reading() as db:
        clip = db.scalars(select(Instance).where(Instance.modality == "US")).one()
    with headers_of([clip]) as (header,):
        return screen(*frames_of(header), pixel_facts(header), eyes())


@pytest.fixture(autouse=True)
def redacted(world: World) -> None:
    """The clip released without its text."""
    with database.reading() as db:
        clip = db.scalars(select(Instance).where(Instance.modality == "US")).one()
    with database.transaction() as db:
        write(db, clip, looked_at(), rules(), by=SYSTEM, now=now())
    refresh_releases({"instances": [clip.id]})


def read_on_every_frame(world: World) -> str:
    """What an engine reads on the released clip."""
    with database.reading() as db:
        clip = db.scalars(select(Instance).where(Instance.modality == "US")).one()
    (entry,) = (each for each in world.released() if each.instance_id == clip.id)
    engine, told = RapidOCR(), ""
    for number in (1, 2):
        answer = world.get(at(entry, f"/frames/{number}/rendered"), Accept="image/png")
        assert answer.status_code == 200, answer.text
        picture = np.asarray(Image.open(BytesIO(answer.data)).convert("RGB"))
        found, _times = engine(np.ascontiguousarray(picture[..., ::-1]))
        told += "".join(text for _quad, text, _score in found or ())
    return told


def test_nothing_can_be_read_on_what_is_served(world: World) -> None:
    assert read_on_every_frame(world) == ""


def test_a_mutant_that_serves_the_archives_frames_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_in_the_archive(slide: Slide, number: int) -> Rope:
        pieces: Any = slide._prepared.made.frames.pieces(number)
        return Rope([SourceRange(slide.source, start, length) for start, length in pieces])

    monkeypatch.setattr(Slide, "frame_rope", as_in_the_archive)
    assert len(read_on_every_frame(world)) > 10
