"""Searching the log, the extent of reads, the state of the chain, and the files that are taken away."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Select, select, text
from sqlalchemy.dialects import sqlite

from gateway.audit import chain, extents, queries
from gateway.audit.exports import CannotWrite, pieces, write
from gateway.audit.search import EVERYTHING, UNKNOWN, Search
from gateway.db import reading, transaction
from gateway.trail import guards
from gateway.trail.models import Event
from gateway.trail.reads import OPENED
from gateway.trail.record import SYSTEM, record
from gateway.web.spreadsheet import LIVE
from tests.audit.conftest import NOW, OTHER, SLIDE

ROOT = Path(__file__).resolve().parents[2]


def found(search: Search) -> list[int]:
    with reading() as db:
        return [event.seq for event in queries.find(db, search).events]


def compiled(query: Select[int]) -> str:
    return str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))


@pytest.mark.usefixtures("story")
class TestASearch:
    @pytest.mark.parametrize(
        ("search", "seqs"),
        [
            (EVERYTHING, list(range(12, 0, -1))),
            (Search(person="ada"), [8, 7, 6, 5, 4, 3]),
            (Search(person="lovelace"), [8, 7, 6, 5, 4, 3]),
            (Search(person="BEN@example"), [11, 10, 9, 2, 1]),
            (Search(person="%"), []),
            (Search(project="p2"), [11, 10, 9, 2]),
            (Search(project="by machine"), [11, 10, 9, 2]),
            (Search(release="r2"), [10, 9]),
            (Search(action="grant"), [11, 2, 1]),
            (Search(action="grant.issued"), [2, 1]),
            (Search(action="gran"), []),
            (Search(instance=OTHER), [10, 9]),
            (Search(instance="222"), []),
            (Search(site="NGH"), [4, 3]),
            (Search(site="northf"), [4, 3]),
            (Search(site="%"), []),
            (Search(extent=UNKNOWN), [9]),
            (Search(since=NOW + timedelta(days=2)), [12, 11, 10, 9]),
            (Search(until=NOW + timedelta(days=1), action="release.read.opened"), [3]),
            (Search(person="ada", project="p2"), []),
        ],
    )
    def test_gives_what_fits_all_conditions_newest_first(self, search: Search, seqs: list[int]) -> None:
        assert found(search) == seqs

    def test_walks_along_an_index(self) -> None:
        asked = (
            (Search(instance=OTHER, action=OPENED), "ix_trail_event_instance_action_seq"),
            (Search(site="NGH"), "ix_trail_event_site_seq"),
        )
        for search, index in asked:
            with reading() as db:
                query = select(Event.seq).where(queries.matching(db, search))
                plan = db.execute(text(f"EXPLAIN QUERY PLAN {compiled(query)}")).all()
            assert index in str(plan)

    def test_offers_each_kind_of_action_once(self) -> None:
        with reading() as db:
            offered = queries.actions(db)
            assert offered == sorted(set(db.scalars(select(Event.action))))

    def test_is_paged_without_gap_or_repeat(self) -> None:
        seen, before = [], None
        with reading() as db:
            while True:
                page = queries.find(db, EVERYTHING, before=before, most=5)
                seen += [event.seq for event in page.events]
                before = page.older
                if before is None:
                    break
        assert seen == list(range(12, 0, -1))


@pytest.mark.usefixtures("story")
class TestAReadOfASlide:
    def test_tells_what_left_or_counts_as_whole(self) -> None:
        with reading() as db:
            page = extents.reads(db, EVERYTHING)
        assert [(read.seq, read.name, read.extent) for read in page.reads] == [
            (9, "=Ben", extents.UNKNOWN),
            (5, "Ada Lovelace", "4 frames"),
            (3, "Ada Lovelace", "whole instance"),
        ]

    def test_answers_who_saw_a_slide_and_what_a_person_got(self) -> None:
        with reading() as db:
            assert {read.person for read in extents.reads(db, Search(instance=SLIDE)).reads} == {"ada"}
            assert {read.instance for read in extents.reads(db, Search(person="ben")).reads} == {OTHER}


def bent(statement: str) -> None:
    """A change by somebody who owns the database: the triggers are dropped first."""
    with transaction() as db:
        for name in ("no_update", "no_delete", "linked"):
            db.execute(text(f"DROP TRIGGER {guards.EVENTS}_{name}"))
        db.execute(text(statement))


@pytest.mark.usefixtures("story")
class TestTheChain:
    def test_is_whole_while_nobody_bends_it(self) -> None:
        with reading() as db:
            first = chain.status(db, NOW)
        assert (first.whole, first.head.seq) == (True, 12)
        with transaction() as db:
            record(db, action="x.done", actor=SYSTEM, now=NOW)
        with reading() as db:
            second = chain.status(db, NOW + timedelta(minutes=1))
        assert (second.whole, second.head.seq, second.checked_at) == (True, 13, NOW)

    def test_is_whole_whatever_a_detail_holds(self) -> None:
        details: list[dict[str, object]] = [
            {"lease": "x", "instance": 5, "release": None},
            {"lease": True, "instance": "", "release": ["r"]},
        ]
        with transaction() as db:
            for detail in details:
                record(db, action="x.done", actor=SYSTEM, now=NOW, detail=detail)
        with reading() as db:
            assert chain.check(db).verdict.faults == []

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE trail_event SET body = replace(body, 'ada', 'eve') WHERE seq = 3",
            "UPDATE trail_event SET actor_id = 'eve' WHERE seq = 3",
            "UPDATE trail_event SET instance_uid = NULL WHERE seq = 3",
            "UPDATE trail_event SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3",
            "DELETE FROM trail_event WHERE seq = 7",
            "UPDATE trail_event SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE seq = 12",
        ],
    )
    def test_shows_a_change_made_behind_its_back(self, statement: str) -> None:
        bent(statement)
        with reading() as db:
            assert not chain.status(db, NOW).whole

    def test_is_looked_at_anew_after_a_while(self) -> None:
        with reading() as db:
            assert chain.status(db, NOW).whole
        bent("UPDATE trail_event SET body = replace(body, 'ada', 'eve') WHERE seq = 3")
        with reading() as db:
            assert not chain.status(db, NOW + chain.FULL_CHECK_EVERY).whole

    def test_shows_an_end_cut_off_since_the_last_look(self) -> None:
        with reading() as db:
            assert chain.status(db, NOW).whole
        bent("DELETE FROM trail_event WHERE seq = 12")
        for minutes in (1, 2, 60):
            with reading() as db:
                assert not chain.status(db, NOW + timedelta(minutes=minutes)).whole


@pytest.mark.usefixtures("story")
class TestACsv:
    def test_has_a_row_for_each_event_that_matches(self) -> None:
        with reading() as db:
            lines = "".join(pieces(db, "csv", Search(project="p2"), named=True, now=NOW))
        rows = list(csv.DictReader(io.StringIO(lines)))
        assert [row["seq"] for row in rows] == ["2", "9", "10", "11"]
        assert rows[1]["instance"] == OTHER

    def test_holds_no_live_formula(self) -> None:
        with reading() as db:
            lines = "".join(pieces(db, "csv", EVERYTHING, named=True, now=NOW))
        cells = [cell for row in csv.reader(io.StringIO(lines)) for cell in row]
        assert "'=Ben" in cells
        assert not [cell for cell in cells if cell.startswith(LIVE)]

    def test_names_nobody_when_redacted(self) -> None:
        with reading() as db:
            assert "Lovelace" not in "".join(pieces(db, "csv", EVERYTHING, named=False, now=NOW))


def test_an_export_that_fails_leaves_nothing_half_written(tmp_path: Path) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield "one\n"
        raise OSError

    with pytest.raises(CannotWrite):
        write(tmp_path, "audit.csv", broken)
    assert list(tmp_path.iterdir()) == []


def test_an_export_takes_constant_memory(data_dir: Path) -> None:
    with transaction() as db:
        for _ in range(6000):
            record(db, action="x.done", actor=SYSTEM, now=NOW, project="p", detail={"text": "x" * 1000})
    with reading() as db:
        for _ in pieces(db, "csv", EVERYTHING, named=True, now=NOW):
            pass
        tracemalloc.start()
        size = sum(len(line) for line in pieces(db, "csv", EVERYTHING, named=True, now=NOW))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size > 5_000_000
    assert peak < 5_000_000


def slidegate(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SLIDEGATE_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "gateway.cli", "audit", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


def test_the_command_line_exports_and_verifies(story: Path) -> None:
    out = story / "out"
    done = slidegate(story, "export", "--format", "ndjson", "--out", str(out))
    assert done.returncode == 0, done.stderr
    (path,) = out.iterdir()
    assert done.stdout.strip() == str(path)
    assert found(Search(action="audit.exported")) == [13]

    whole = slidegate(story, "verify", str(path))
    assert whole.returncode == 0, whole.stderr
    assert "13 events" in whole.stdout
    assert slidegate(story, "verify").returncode == 0

    path.write_text(path.read_text("utf-8").replace('"subject":"g1"', '"subject":"g9"', 1), "utf-8")
    bad = slidegate(story, "verify", str(path))
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "event 1 is not what was recorded" in bad.stderr
    assert slidegate(story, "verify", str(path), "--head", "nonsense").returncode == 2
    assert slidegate(story, "export", "--format", "csv", "--out", "/proc/nowhere").returncode == 1
