"""`slidegate pixels scan`: every file looked at once, and a report that shows what was found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from gateway.cli import main
from gateway.demo.archive import cases
from gateway.demo.radiology import write_ct, write_ultrasound
from gateway.pixels.detect.apart import ReaderApart
from gateway.pixels.findings import Finding


def scan(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["slidegate", "pixels", "scan", *map(str, words)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_text_is_found_shown_and_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases(7, 0.25)[10]
    write_ultrasound(tmp_path / "in", case, 2)
    write_ct(tmp_path / "in", case, 1)
    (tmp_path / "in" / "broken.dcm").write_bytes(b"no picture")
    report = tmp_path / "report.json"
    assert scan(monkeypatch, tmp_path / "in", "--report", report) == 0
    told = {Path(each["file"]).stem.rpartition("_")[2]: each for each in json.loads(report.read_text("utf-8"))}
    assert {name: each["state"] for name, each in told.items()} == {
        "US": "redacted",
        "CT1": "clean",
        "broken": "failed",
    }
    assert {mark[0] for mark in told["US"]["marks"]} == {0, 1}
    sheet = report.with_suffix(".html").read_text("utf-8")
    assert sheet.count("<img ") == 1
    assert report.stat().st_mode & 0o077 == 0
    for text in (report.read_text("utf-8"), sheet):
        assert case.patient.family not in text


def test_a_second_run_looks_at_what_is_new_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases(7, 0.25)[10]
    write_ct(tmp_path / "in", case, 1)
    report = tmp_path / "report.json"
    assert scan(monkeypatch, tmp_path / "in", "--report", report) == 0
    journal = tmp_path / "report.json.journal"
    with journal.open("a") as handle:
        handle.write('{"file": "cut o')  # as a killed run leaves it
    write_ct(tmp_path / "in", case, 2)
    before = journal.read_text("utf-8").count('"state"')
    assert scan(monkeypatch, tmp_path / "in", "--report", report) == 0
    assert len(json.loads(report.read_text("utf-8"))) == 2
    assert journal.read_text("utf-8").count('"state"') >= before + 1


def test_a_reader_that_dies_takes_no_other_file_with_it_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases(7, 0.25)[10]
    for number in (1, 2):
        write_ct(tmp_path / "in", case, number)
    report = tmp_path / "report.json"
    look, deadly = ReaderApart.find, {"left": 2}

    def dies_twice(reader: ReaderApart, picture: np.ndarray) -> list[Finding]:
        if deadly["left"]:
            deadly["left"] -= 1
            return look(reader, None)  # what is no picture ends the process
        return look(reader, picture)

    monkeypatch.setattr(ReaderApart, "find", dies_twice)
    assert scan(monkeypatch, tmp_path / "in", "--report", report) == 0
    assert [each["state"] for each in json.loads(report.read_text("utf-8"))] == ["failed", "clean"]
    assert scan(monkeypatch, tmp_path / "in", "--report", report) == 0
    assert [each["state"] for each in json.loads(report.read_text("utf-8"))] == ["clean", "clean"]


@pytest.mark.parametrize("src", ["nothing", "empty"])
def test_a_folder_without_files_gives_one_line(
    src: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert scan(monkeypatch, tmp_path / src, "--report", tmp_path / "r.json") == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "r.json").exists()
