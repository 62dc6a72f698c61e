"""A cohort is counted before anybody applies, and however counts are compared, no patient is singled out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import mean

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from gateway import db as database
from gateway.catalogue.cohort_pages import chosen
from gateway.catalogue.cohorts import Cohort, cohort
from gateway.catalogue.models import INDEXED, Archive, Dataset, DatasetStudy, Instance, Series, Site, Study
from gateway.catalogue.perturbing import FEWEST, ROUNDED_TO, SPREAD, told
from tests.catalogue.shelves import MORNING
from tests.people.visitors import a_gateway, an_account, signed_in

SECRET = b"s" * 32


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with a_gateway(tmp_path) as made:
        yield made


def a_shelf(slug: str, patients: int, *, stain: str = "", modality: str = "SM", organ: str = "Breast") -> None:
    """A dataset of so many patients of the site of that name, with one slide each."""
    with database.transaction() as db:
        site = Site(code=slug[:20], name=f"Hospital {slug}")
        archive = Archive(name=slug, uri="folder:/nowhere", site=site, added_at=MORNING)
        dataset = Dataset(slug=slug, title=slug.title(), archive=archive, site=site, added_at=MORNING)
        db.add(dataset)
        db.flush()
        for number in range(patients):
            study = Study(archive_id=archive.id, uid=f"1.{number}", patient_id=f"MRN-77{number}")
            db.add(study)
            db.flush()
            series = Series(study_id=study.id, uid="1", modality=modality, stain=stain, body_part=organ)
            db.add_all([DatasetStudy(dataset_id=dataset.id, study_id=study.id), series])
            db.flush()
            db.add(Instance(archive_id=archive.id, series_id=series.id, locator=str(number), size=1, version="1",
                            state=INDEXED))  # fmt: skip


def found(*pairs: tuple[str, str]) -> Cohort:
    with database.reading() as db:
        return cohort(db, chosen(pairs), SECRET)


PEOPLE = st.sets(st.text(min_size=1, max_size=6), min_size=0, max_size=60)


@given(PEOPLE)
def test_a_count_is_near_the_truth_or_not_told(people: set[str]) -> None:
    count = told(people, SECRET)
    assert count == told(sorted(people), SECRET), "the same people always give the same count"
    if count is None:
        assert len(people) < FEWEST + SPREAD + ROUNDED_TO
    else:
        assert count >= FEWEST
        assert len(people) >= FEWEST
        assert count % ROUNDED_TO == 0
        assert abs(count - len(people)) <= SPREAD + ROUNDED_TO // 2


def test_one_patient_more_or_less_moves_a_count_no_more_than_chance_does() -> None:
    """Subtracting the counts of two groups that differ by one patient says nothing of that patient."""
    people = [f"p{number}" for number in range(60)]
    pairs = [({*people[start : start + 40], "x"}, set(people[start : start + 40])) for start in range(20)]
    secrets = [bytes([number]) * 32 for number in range(50)]
    steps = [(told(more, secret) or 0) - (told(less, secret) or 0) for more, less in pairs for secret in secrets]
    assert sum(step < 0 for step in steps) > len(steps) // 5
    assert sum(step > 0 for step in steps) > len(steps) // 5
    assert abs(mean(steps) - 1) < 0.6, "blurred, and not shifted"


def test_facets_narrow_the_cohort_and_their_values_are_counted_under_the_others(app: Flask) -> None:
    a_shelf("breast", 40, stain="hematoxylin stain, water soluble eosin stain")
    a_shelf("colon", 60, organ="Colon")
    a_shelf("scans", 30, modality="CT", organ="Chest")
    everybody = found()
    assert 120 <= int(everybody.patients.split()[-1]) <= 140
    some = found(("organ", "Breast"), ("organ", "Colon"), ("modality", "slide microscopy"))
    assert 90 <= int(some.patients.split()[-1]) <= 110
    assert {each.slug: each.enough for each in some.datasets} == {"breast": True, "colon": True, "scans": False}
    organs = next(values for key, _, values in some.facets if key == "organ")
    assert [(each.value, each.chosen) for each in organs] == [("Breast", True), ("Chest", False), ("Colon", True)]
    assert next(each.count for each in organs if each.value == "Chest") == f"fewer than {FEWEST}"


def test_nobody_and_a_few_cannot_be_told_apart(app: Flask) -> None:
    a_shelf("breast", 30)
    a_shelf("rare", 3, organ="Colon")
    none, few = found(("organ", "Nothing")), found(("organ", "Colon"))
    assert none.patients == few.patients == f"fewer than {FEWEST}"
    assert [(each.slug, each.count, each.enough) for each in none.datasets] == [
        (each.slug, each.count, each.enough) for each in few.datasets
    ]


def test_the_page_works_without_a_script_and_its_basket_fills_the_application(app: Flask) -> None:
    a_shelf("breast", 30)
    a_shelf("colon", 30, organ="Colon")
    page = app.test_client().get("/datasets/cohort?organ=Colon&surprise=1").text
    assert "Find a cohort" in page
    assert 'value="Colon" checked' in page
    assert 'value="colon" checked' in page
    assert 'value="breast" checked' not in page
    assert "MRN-77" not in page
    an_account()
    new = signed_in(app).get("/applications/new?dataset=breast&dataset=colon&dataset=none").text
    assert "Breast, Colon" in new
    assert new.count('name="dataset"') == 2


def test_the_script_hears_the_same_counts_as_the_page(app: Flask) -> None:
    a_shelf("breast", 30)
    client = app.test_client()
    heard = client.get("/datasets/cohort.json?organ=Breast").json
    assert heard["patients"].split()[-1] in client.get("/datasets/cohort?organ=Breast").text
    assert heard["datasets"]["breast"]["enough"] is True
    assert set(heard["facets"]) == {"site", "organ", "stain", "modality", "scanner", "linked"}


def test_a_dataset_has_one_count_wherever_it_is_read(app: Flask) -> None:
    a_shelf("breast", 40)
    client = app.test_client()
    (told_of,) = client.get("/api/v1/datasets").json
    heard = client.get("/datasets/cohort.json").json
    assert told_of["patients"] == heard["patients"] == heard["datasets"]["breast"]["count"]
    assert told_of["patients"].capitalize() in client.get("/datasets/breast").text


def in_number(count: str) -> int:
    """What an attacker takes a count for."""
    return int(count.split()[-1].replace(",", "")) if count.startswith("about") else 0


def test_no_difference_of_any_two_choices_gives_a_small_number_away(app: Flask) -> None:
    """All choices of one value for each facet, and all pairs of them: a difference is none, or five and more."""
    a_shelf("breast", 43, stain="hematoxylin stain, water soluble eosin stain")
    a_shelf("colon", 37, organ="Colon")
    a_shelf("few", 3, stain="hematoxylin stain, water soluble eosin stain", organ="Colon")
    facets = {key: [None, *(each.value for each in values)] for key, _, values in found().facets}
    choices = [
        tuple((key, value) for key, value in zip(facets, values, strict=True) if value is not None)
        for values in product(*facets.values())
    ]
    counts = {in_number(found(*choice).patients) for choice in choices}
    counts |= {in_number(each.count) for choice in choices for each in found(*choice).datasets}
    counts |= {in_number(each["patients"]) for each in app.test_client().get("/api/v1/datasets").json}
    assert len(choices) > 20
    assert {abs(one - other) for one in counts for other in counts} & set(range(1, 5)) == set()


def test_the_difference_of_two_choices_does_not_say_how_many_lie_between_them() -> None:
    """Three patients more: what an attacker reads is anything from far less to far more, and on the whole not three."""
    people = [f"p{number}" for number in range(50)]
    steps = [
        (told({*people, "a", "b", "c"}, secret) or 0) - (told(set(people), secret) or 0)
        for secret in (bytes([number]) * 32 for number in range(200))
    ]
    assert 3 not in steps
    assert {-5, 0, 5, 10} <= set(steps)
    assert max(steps.count(step) for step in set(steps)) < 0.6 * len(steps)


def test_a_scanner_is_a_facet_only_where_many_share_it(app: Flask) -> None:
    a_shelf("breast", 30)
    with database.transaction() as db:
        for number, each in enumerate(db.query(Instance)):
            each.manufacturer, each.model = ("Acme", "S40") if number else ("Dr Jones", "private")
    scanners = next(values for key, _, values in found().facets if key == "scanner")
    assert [each.value for each in scanners] == ["Acme S40"]


def test_linked_data_is_a_facet_of_the_patient(app: Flask) -> None:
    a_shelf("breast", 30)
    with database.transaction() as db:
        for study in db.query(Study).limit(20):
            series = Series(study_id=study.id, uid="2", modality="CT")
            db.add(series)
            db.flush()
            db.add(Instance(archive_id=study.archive_id, series_id=series.id, locator=f"ct-{study.uid}", size=1,
                            version="1", state=INDEXED))  # fmt: skip
    linked = found(("linked", "Radiology of the same patients"), ("modality", "slide microscopy"))
    assert 12 <= in_number(linked.patients) <= 28
