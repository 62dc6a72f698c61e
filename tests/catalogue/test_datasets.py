"""What is told of datasets: enough to choose, nothing of any one patient."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway import db as database
from gateway.catalogue import queries
from gateway.catalogue.offers import offer
from gateway.consent.duo import BadTerm
from gateway.demo.archive import PlantedArchive
from gateway.errors import Conflict, Invalid, NotFound
from tests.catalogue.shelves import a_dataset, an_archive, an_indexed, index, known

pytestmark = pytest.mark.usefixtures("empty")


def of_one(db, dataset_id):
    return queries.counts(db, [dataset_id])[dataset_id]


def test_counts_are_those_of_the_files(planted: PlantedArchive) -> None:
    an_indexed(planted.root / "NGH")
    a_dataset()
    with database.reading() as db:
        counts = of_one(db, queries.dataset(db, "breast").id)
    assert (counts.patients, counts.studies, counts.slides, counts.instances) == (5, 5, 5, 25)
    assert counts.modalities == ("slide microscopy",)
    assert counts.stains == ("H&E", "IHC (DAB)")
    assert counts.body_parts == ("Breast",)


def test_a_dataset_can_hold_studies_of_one_modality(planted: PlantedArchive) -> None:
    an_indexed(planted.root / "CAE")
    a_dataset("radiology", modality="CT")
    with database.reading() as db:
        counts = of_one(db, queries.dataset(db, "radiology").id)
    assert counts.studies == 1
    assert "CT" in counts.modalities


def test_what_is_gone_is_no_longer_counted(slides: Path, planted: PlantedArchive) -> None:
    an_indexed(slides.parent / "slides")
    made = a_dataset()
    shutil.rmtree(slides / "SM")
    shutil.copy(sorted((planted.root / "EUH").rglob("*.dcm"))[0], slides / "other.dcm")
    index()
    with database.reading() as db:
        counts = of_one(db, made)
        assert list(queries.instances_in(db, [made])) == []
    assert counts == queries.Counts(0, 0, 0, 0, (), (), ())


def test_instances_of_overlapping_datasets_come_once(slides: Path) -> None:
    an_indexed(slides)
    both = [a_dataset("one"), a_dataset("two")]
    with database.reading() as db:
        found = [each.id for each in queries.instances_in(db, both)]
    assert len(found) == len(set(found)) == len(known(state="indexed"))


def test_every_good_instance_has_its_frames(slides: Path) -> None:
    an_indexed(slides)
    with database.reading() as db:
        for each in known(state="indexed"):
            assert queries.frame_index(db, each.id).count == each.frame_count


def test_an_offer_holds_no_identifier(planted: PlantedArchive) -> None:
    an_indexed(planted.root / "CAE")
    a_dataset(terms=("DUO:0000042", "DUO:0000007=MONDO:0007254"))
    with database.reading() as db:
        told = offer(db, queries.dataset(db, "breast"))
    assert not [word for word in planted.planted if word in repr(told)]
    assert [each.text for each in told.terms] == [
        "General research use",
        "Research on the named disease only: breast cancer",
    ]
    assert told.deid_policy == "pathology-research"


@pytest.mark.parametrize("bad", ["LOCAL:1", "GRU", "DUO:0000007", "DUO:0000001", "DUO:0000042=GB"])
def test_a_term_that_is_none_is_refused_when_the_dataset_is_offered(slides: Path, bad: str) -> None:
    an_indexed(slides)
    with pytest.raises(BadTerm):
        a_dataset(terms=("DUO:0000006", bad))
    with database.reading() as db, pytest.raises(NotFound):
        queries.dataset(db, "breast")


def test_bad_names_and_empty_choices_are_refused(slides: Path) -> None:
    an_archive(slides)
    with pytest.raises(Invalid, match="index it first"):
        a_dataset()
    index()
    a_dataset()
    with pytest.raises(Conflict):
        a_dataset()
    with pytest.raises(Invalid):
        a_dataset("Not A Slug")
    with pytest.raises(Conflict):
        a_dataset("cohort")
    with database.reading() as db, pytest.raises(NotFound):
        queries.dataset(db, "none")
    with pytest.raises(Conflict):
        an_archive(slides)
