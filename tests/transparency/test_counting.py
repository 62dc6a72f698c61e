"""Charts of a year: told when a month has ended, the same as in the tables, and never a small number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue.models import Dataset
from gateway.people.models import Account
from gateway.projects import grants, stating
from gateway.projects.commands import begin_project
from gateway.trail.reads import Read, opened
from gateway.trail.record import SYSTEM, Actor
from gateway.transparency import counting
from tests.people.visitors import an_account, signed_in
from tests.release.builders import DAY, World, a_gateway, the_template

APRIL = datetime(2025, 4, 10, tzinfo=UTC)
SOFTWARE, TEACHING = "Making software", "Teaching"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("counting"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        yield made


def a_use(title: str, aim: str, looks: dict[int, int], kind: str = "University") -> str:
    """A project of 2025 that opened images this often in these months."""
    with database.transaction() as db:
        begun = datetime(2025, 1, 5, tzinfo=UTC)
        lead = db.scalars(select(Account)).first()
        assert lead is not None
        project = begin_project(db, by=SYSTEM, title=title, lay_title=title, lay_summary="", lead=lead, now=begun)
        words = stating.Words(aim=aim, organisation_kind=kind)
        stating.state(db, by=SYSTEM, project=project, words=words, now=begun)
        ids = list(db.scalars(select(Dataset.id)))
        grant = grants.issue(
            db,
            by=SYSTEM,
            project=project,
            datasets=ids,
            starts=begun,
            ends=begun + 900 * DAY,
            deid_policy="basic",
            now=begun,
        )
        read = Read(Actor("account", lead.id), project.id, "r" * 16, "2.25.1", grant.id, "instance")
        for month, count in looks.items():
            for _ in range(count):
                opened(db, read=read, now=datetime(2025, month, 3, tzinfo=UTC))
        return project.id


def a_year(year: int = 2025, now: datetime = APRIL) -> counting.Year:
    with database.reading() as db:
        return counting.told(db, year, now)


def rows(told: counting.Year, key: str) -> dict[str, int | None]:
    (chart,) = (each for each in told.charts if each.key == key)
    return {row.label: row.count for row in chart.rows}


@pytest.mark.usefixtures("world")
def test_a_year_is_counted_in_five_ways() -> None:
    a_use("Cells", SOFTWARE, {1: 20, 2: 10})
    a_use("Colours", SOFTWARE, {2: 7, 3: 8}, kind="Company")
    a_use("Lessons", TEACHING, {1: 9, 3: 11})
    told = a_year()
    assert told.span == "January to March 2025"
    assert told.total == 65
    assert rows(told, "month") == {"January": 29, "February": 17, "March": 19}
    assert rows(told, "project") == {"Cells": 30, "Colours": 15, "Lessons": 20}
    assert rows(told, "aim") == {SOFTWARE: 45, TEACHING: 20}
    assert rows(told, "organisation") == {"University": 50, "Company": 15}
    assert rows(told, "site") == {"Northfield": 65}


@pytest.mark.usefixtures("world")
def test_the_month_that_runs_is_not_counted() -> None:
    project = a_use("Cells", SOFTWARE, {1: 20, 4: 50})
    assert a_year().of(project) == 20
    assert a_year(now=datetime(2025, 5, 1, tzinfo=UTC)).of(project) == 70
    assert a_year(now=datetime(2025, 1, 31, tzinfo=UTC)).months == 0
    assert a_year(2024, now=APRIL).total is None


@pytest.mark.usefixtures("world")
def test_a_small_number_is_hidden_with_what_would_give_it_away() -> None:
    few = a_use("Few", TEACHING, {1: 3})
    some = a_use("Some", SOFTWARE, {1: 30})
    a_use("Many", SOFTWARE, {1: 300})
    told = a_year(now=datetime(2025, 2, 2, tzinfo=UTC))
    assert told.total == 333
    assert (told.of(few), told.of(some)) == (None, None)
    assert rows(told, "aim") == {SOFTWARE: None, TEACHING: None}


@pytest.mark.usefixtures("world")
def test_a_month_later_a_difference_gives_no_small_number_away() -> None:
    steady, slow = a_use("Steady", SOFTWARE, {1: 40, 2: 40}), a_use("Slow", SOFTWARE, {1: 40, 2: 2})
    january, february = (a_year(now=datetime(2025, month, 2, tzinfo=UTC)) for month in (2, 3))
    assert (january.of(steady), january.of(slow)) == (40, 40)
    assert rows(january, "month")["January"] == 80
    assert (january.total, february.total) == (80, 122)
    assert february.of(slow) is None  # 42, less the 40 of January, would be 2
    assert february.of(steady) is None


def test_charts_and_tables_say_the_same(world: World) -> None:
    an_account("grace", "ppie-panel")
    a_use("Cells", SOFTWARE, {1: 1234})
    a_use("Few", TEACHING, {1: 3})
    page = signed_in(world.app, "grace").get("/usage?year=2025").text
    for figure in re.findall(r"<figure.*?</figure>", page, re.S):
        chart, table = figure.split("</svg>")
        drawn = re.findall(r'usage-chart__count"[^>]*>([^<]+)<', chart)
        written = re.findall(r'cell--numeric">([^<]+)<', table)
        assert drawn == written
        assert drawn
    assert page.count("<figure") == 5
    assert "1,237" in page
    assert ">3<" not in page


def test_before_a_month_has_ended_the_page_says_so(world: World) -> None:
    an_account("grace", "ppie-panel")
    panel = signed_in(world.app, "grace")
    assert panel.get("/usage?year=1066").status_code == 200
    assert "nothing to count yet" in panel.get("/usage").text
    assert "nothing to count yet" in panel.get(f"/usage/{world.release.project_id}").text
