"""Who has said no is left out, at once, and the list of them names nobody."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue.commands import add_site
from gateway.cli import main
from gateway.consent.epochs import epoch
from gateway.consent.models import OptOut
from gateway.consent.optouts import import_optouts, is_opted_out
from gateway.consent.patients import patient_key
from gateway.errors import Invalid
from gateway.migrate import upgrade
from gateway.settings import Settings
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MASTER = b"m" * 32
PATIENT = "MRN-7730194"


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    before = settings_room.current()
    chosen = replace(Settings(), data_dir=tmp_path / "data")
    settings_room.use(chosen)
    engine = database.bind(chosen.database)
    upgrade()
    with database.transaction() as db:
        for code in ("NTH", "STH"):
            add_site(db, by=SYSTEM, code=code, name=code, now=MORNING)
    yield tmp_path / "data"
    engine.dispose()
    settings_room.use(before)


def bring(*rows: tuple[str, str]) -> int:
    with database.transaction() as db:
        return import_optouts(db, by=SYSTEM, master=MASTER, rows=rows, sites=["NTH", "STH"], now=MORNING).new


def the_epoch() -> int:
    with database.reading() as db:
        return epoch(db, MORNING)


def said_no(site: str, patient_id: str, master: bytes = MASTER) -> bool:
    with database.reading() as db:
        return is_opted_out(db, master=master, site=site, patient_id=patient_id)


def test_an_opted_out_patient_is_known_at_the_own_site_only() -> None:
    assert bring(("NTH", PATIENT)) == 1
    assert said_no("NTH", PATIENT)
    assert said_no("NTH", f" {PATIENT} "), "spaces are no part of a patient ID"
    assert not said_no("STH", PATIENT)
    assert not said_no("NTH", "another")
    assert not said_no("NTH", PATIENT, b"x" * 32)


@pytest.mark.parametrize("bad", [("XXX", "1"), ("NTH", ""), ("NTH", "  "), ("", "1")])
def test_a_list_is_taken_whole_or_not_at_all(bad: tuple[str, str]) -> None:
    with pytest.raises(Invalid, match="line 3") as refusal:
        bring(("NTH", PATIENT), bad, ("STH", "2"))
    assert PATIENT not in refusal.value.message
    assert not said_no("NTH", PATIENT)
    assert the_epoch() == 0


def test_the_epoch_rises_with_every_change_and_only_then() -> None:
    epochs = [the_epoch()]
    for rows in ([("NTH", "1")], [("NTH", "1")], [("NTH", "1"), ("STH", "1")], []):
        bring(*rows)
        epochs.append(the_epoch())
    assert epochs == [0, 1, 1, 2, 2]


def test_a_list_longer_than_a_database_binds_is_taken() -> None:
    rows = [("NTH", f"P{number}") for number in range(40_000)]
    assert bring(*rows) == 40_000
    assert bring(*rows, ("NTH", "one more")) == 1


def test_no_patient_id_is_in_the_database_in_clear(data: Path) -> None:
    bring(("NTH", PATIENT))
    files = [path for path in data.rglob("*") if path.is_file()]
    assert any(path.read_bytes() for path in files)
    assert not any(PATIENT.encode() in path.read_bytes() for path in files)


def test_the_key_is_bound_to_site_and_patient_without_overlap() -> None:
    assert patient_key(MASTER, "A", "BC") != patient_key(MASTER, "AB", "C")


def test_an_import_is_on_the_record_without_a_name() -> None:
    bring(("NTH", PATIENT))
    with database.reading() as db:
        body = db.scalars(select(Event.body).where(Event.action == "optout.imported")).one()
    assert PATIENT not in str(body)
    assert "new" in str(body)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["slidegate", *words])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def count() -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(OptOut)) or 0


def test_a_file_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("﻿site,patient_id,why\nNTH,1,\n STH ,2,letter\n", "utf-8")
    assert run(monkeypatch, "optout", "import", str(path)) == 0
    assert capsys.readouterr().out == "2 new opt-outs, 0 known before\n"
    assert count() == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"patient_id\n1\n", b"site,patient_id\nNTH,1\nNTH\n", b"site,patient_id\nNTH,\xff\xfe\n",
     b"site,patient_id\nNTH,1\nNOPE,MRN-7730194\n"],
)  # fmt: skip
def test_a_file_that_is_not_right_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert run(monkeypatch, "optout", "import", str(path)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slidegate: ")
    assert PATIENT not in line
    assert count() == 0
