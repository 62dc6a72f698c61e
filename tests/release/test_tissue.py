"""Where the pixel rules say so, an overview leaves with its tissue and nothing else of the glass."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.pixels import get_decoder
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue.models import Dataset, Instance, Screening
from gateway.catalogue.screening import SlideNotClean, screen_datasets
from gateway.catalogue.seen import latest, write
from gateway.clock import now
from gateway.people.models import Account
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import REVIEW, Screened
from gateway.screening.commands import ACCEPT, REDACT, WITHHOLD, NothingToSee, give_opinion
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.blackbox.leaks import LeakHunter
from tests.people.visitors import an_account
from tests.release.builders import World, an_archive, at, eyes


@pytest.fixture
def kept(world: World) -> PixelRules:
    """The rules, changed to keep the tissue of overviews."""
    path = current().policies_dir / "pixels" / "10-whole-slide.toml"
    ours = path.read_text().replace(
        'flavour = "OVERVIEW" }\nrelease = false', 'flavour = "OVERVIEW" }\nrelease = true\nafter = "tissue"'
    )
    assert ours != path.read_text()
    path.write_text(ours)
    return load_rules(current().policies_dir)


def look(**how: bool) -> None:
    with database.reading() as db:
        datasets = list(db.scalars(select(Dataset.id)))
    screen_datasets(datasets, by=SYSTEM, now=now(), eyes=eyes(), **how)


def overviews(rules: PixelRules) -> list[Screening | None]:
    with database.reading() as db:
        return [latest(db, each, rules) for each in db.scalars(select(Instance)) if each.image_type[2] == "OVERVIEW"]


def test_an_overview_leaves_with_its_tissue(world: World, kept: PixelRules, tmp_path: Path) -> None:
    look()
    world.build_anew()
    released = [each for each in world.released() if each.flavour == "OVERVIEW"]
    assert len(released) == 2
    hunter = LeakHunter({text for case in an_archive(tmp_path / "again") for text in case.patient.planted})
    for entry in released:
        body = world.get(at(entry)).data
        assert hunter.hunt("overview", body) == []
        dataset = pydicom.dcmread(BytesIO(body))
        assert (dataset.BurnedInAnnotation, dataset.SpecimenLabelInImage) == ("NO", "NO")
        assert list(dataset.ImageType)[::2] == ["DERIVED", "OVERVIEW"]
        picture = get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(dataset)[0]
        assert picture[:, :540].std(axis=(0, 1)).max() < 1  # where the label was, one colour
        assert picture.std() > 10
        assert eyes().find(picture) == []


def test_the_overview_of_a_slide_that_is_not_clean_waits_until_it_is(world: World, kept: PixelRules) -> None:
    look()
    with database.transaction() as db:
        levels = [each for each in db.scalars(select(Instance)) if each.image_type[2] == "VOLUME"]
        for each in levels:
            write(db, each, Screened(REVIEW), kept, by=SYSTEM, now=now())
        for each in db.scalars(select(Instance)):
            if each.image_type[2] == "OVERVIEW":
                write(db, each, SlideNotClean(), kept, by=SYSTEM, now=now())
    look(again=True)
    assert {each.state for each in overviews(kept) if each} == {"failed"}
    with database.transaction() as db:
        for each in levels:
            write(db, each, Screened("clean"), kept, by=SYSTEM, now=now())
    look(again=True)
    assert {each.state for each in overviews(kept) if each} == {"redacted"}


@pytest.mark.parametrize("decision", [ACCEPT, REDACT])
def test_no_person_can_let_the_rest_of_the_glass_out(world: World, kept: PixelRules, decision: str) -> None:
    look()
    steward: Account = an_account("sam", "data-steward")
    (seen, *_) = overviews(kept)
    assert seen is not None
    with database.transaction() as db:
        by, screening = db.get_one(Account, steward.id), db.get_one(Screening, seen.id)
        with pytest.raises(NothingToSee):
            give_opinion(db, by=by, screening=screening, decision=decision, boxes=[[0, 0, 9, 9]], now=now())
    with database.transaction() as db:
        by, screening = db.get_one(Account, steward.id), db.get_one(Screening, seen.id)
        assert give_opinion(db, by=by, screening=screening, decision=WITHHOLD, boxes=[], now=now()).settles
