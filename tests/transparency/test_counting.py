"""Charts of a year: told when a month has ended, the same as in the tables, and never a small number."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import db as database
from gateway.catalogue.commands import add_site
from gateway.catalogue.models import Dataset
from gateway.people.models import Account
from gateway.projects import grants, stating
from gateway.projects.commands import begin_project
from gateway.projects.models import Project
from gateway.projects.readiness import NOTHING
from gateway.trail.reads import Read, opened
from gateway.trail.record import SYSTEM, Actor, record_all
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


def a_use(title: str, aim: str, looks: dict[int, int], kind: str = "University", site: str = "NGH") -> str:
    """A project of 2025 that opened images of a hospital this often in these months."""
    with database.transaction() as db:
        begun = datetime(2025, 1, 5, tzinfo=UTC)
        lead = db.scalars(select(Account)).first()
        assert lead is not None
        project = begin_project(db, by=SYSTEM, title=title, lay_title=title, lay_summary="", lead=lead, now=begun)
        words = stating.Words(aim=aim, organisation_kind=kind)
        stating.state(db, by=SYSTEM, project=project, words=words, now=begun)
        ids = list(db.scalars(select(Dataset.id)))
        grants.issue(
            db,
            by=SYSTEM,
            needs=NOTHING,
            project=project,
            datasets=ids,
            starts=begun,
            ends=begun + 900 * DAY,
            deid_policy="basic",
            now=begun,
        )
        look(db, project.id, looks, site)
        return project.id


def look(db: Session, project_id: str, looks: dict[int, int], site: str) -> None:
    """Open images of a hospital this often in these months."""
    read = Read(Actor("account", "a" * 16), project_id, "r" * 16, "2.25.1", "g" * 16, "instance", site=site)
    for month, count in looks.items():
        record_all(db, [opened(read=read, now=datetime(2025, month, 3, tzinfo=UTC))] * count)


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
def test_an_image_counts_for_the_hospital_that_it_came_from() -> None:
    cells = a_use("Cells", SOFTWARE, {1: 20})
    a_use("Lessons", TEACHING, {1: 9}, site="")
    with database.transaction() as db:
        add_site(db, by=SYSTEM, code="SGH", name="Southfield", now=datetime(2025, 1, 2, tzinfo=UTC))
        look(db, cells, {2: 30}, "SGH")
    told = a_year()
    assert rows(told, "site") == {"Northfield": 20, "Southfield": 30, counting.UNTOLD: 9}
    assert told.of(cells) == 50


@pytest.mark.usefixtures("world")
def test_a_hospital_with_few_images_is_hidden_with_what_would_give_it_away() -> None:
    cells = a_use("Cells", SOFTWARE, {1: 40})
    a_use("Lessons", TEACHING, {1: 50})
    with database.transaction() as db:
        look(db, cells, {1: 3}, "SGH")
    told = a_year(now=datetime(2025, 2, 2, tzinfo=UTC))
    assert rows(told, "site") == {"Northfield": None, "SGH": None}
    assert told.total == 93


@pytest.mark.usefixtures("world")
def test_what_was_told_stays_told_when_a_project_is_called_something_else() -> None:
    moved = a_use("Moved", TEACHING, {1: 12, 2: 2})
    a_use("Steady", TEACHING, {1: 30, 2: 30})
    other = a_use("Other", SOFTWARE, {1: 40, 2: 40})
    january = a_year(now=datetime(2025, 2, 2, tzinfo=UTC))
    assert rows(january, "aim") == {TEACHING: 42, SOFTWARE: 40}
    with database.transaction() as db:
        words = stating.Words(aim=SOFTWARE, organisation_kind="University")
        when = datetime(2025, 2, 20, tzinfo=UTC)
        stating.state(db, by=SYSTEM, project=db.get_one(Project, moved), words=words, now=when)
    again = a_year(now=datetime(2025, 2, 2, tzinfo=UTC))
    assert again == january
    february = a_year(now=datetime(2025, 3, 2, tzinfo=UTC))
    assert february.of(moved) is None  # 14, less the 12 of January, would be 2
    assert rows(february, "month")["January"] == 82
    assert rows(february, "aim") == {TEACHING: 60, SOFTWARE: 94}
    assert february.of(other) is None  # 94 less this one would be the 14


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


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_every_process_hides_the_same(seed: str) -> None:
    """Else two of them, side by side, would give away what each one hides."""
    program = (
        "from gateway.transparency.counting import Kinds, _Counted\n"
        "keys = [(p, s, m) for p in 'abcde' for s in ('', 'x', 'y') for m in (1, 2, 3)]\n"
        "kinds = {(p, m): Kinds('ab'[p in 'ace'], 'cd'[p in 'ab']) for p in 'abcde' for m in (1, 2, 3)}\n"
        "for step, most in ((3, 4), (5, 4), (7, 3)):\n"
        "    cells = {key: step * place % most for place, key in enumerate(keys)}\n"
        "    print(_Counted(cells, kinds).told(2025, 3))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": each},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for each in ("0", seed)
    ]
    assert said[0] == said[1]
    assert "count=None" in said[0]


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
