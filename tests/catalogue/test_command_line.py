"""`slidegate archive` and `slidegate dataset`: exit 0 when done, 1 with one clear line when refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pydicom.data
import pytest

from gateway.cli import main
from gateway.demo.archive import PlantedArchive
from tests.catalogue.shelves import known

pytestmark = pytest.mark.usefixtures("empty")
PACKAGED = Path(pydicom.data.__file__).parent / "test_files"


class Shell:
    """Runs a command as the console script does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["slidegate", *words])
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        else:
            status = 0
        said = self._capsys.readouterr()
        return status, said.out, said.err


@pytest.fixture
def slidegate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def test_from_a_folder_to_a_dataset(slidegate: Shell, planted: PlantedArchive) -> None:
    assert slidegate("archive", "add", "north", str(planted.root / "NGH"), "--site", "NTH")[0] == 0
    assert slidegate("archive", "index", "north")[1].endswith("25 read (0 broken), 0 unchanged, 0 gone\n")
    assert slidegate("archive", "index", "north")[1].endswith("0 read (0 broken), 25 unchanged, 0 gone\n")
    add = ("dataset", "add", "breast", "--archive", "north", "--title", "Breast", "--term", "DUO:0000042")
    assert slidegate(*add)[0] == 0
    assert "5 studies" in slidegate("dataset", "list")[1]
    assert "25 indexed" in slidegate("archive", "list")[1]


@pytest.mark.filterwarnings("ignore")
def test_an_archive_of_every_kind_of_file_is_indexed(slidegate: Shell) -> None:
    slidegate("archive", "add", "mixed", str(PACKAGED), "--site", "MIX")
    status, out, _ = slidegate("archive", "index", "mixed")
    assert status == 0
    assert len(known(state="indexed")) > 50
    assert f"({len(known(state='broken'))} broken)" in out
    listed = slidegate("archive", "list", "--broken")[1]
    assert "no DICM prefix" in listed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("archive", "index", "unknown"), "no archive named"),
        (("archive", "index", "hollow"), "empty"),
        (("archive", "add", "x", "/nowhere/at/all", "--site", "X"), "does not exist"),
        (("archive", "add", "x", "ftp://example.org/", "--site", "X"), "no connector"),
        (("archive", "add", "hollow", ".", "--site", "X"), "already"),
        (("dataset", "add", "x", "--archive", "unknown", "--title", "X"), "no archive named"),
        (("dataset", "add", "x", "--archive", "hollow", "--title", "X"), "index it first"),
        (("dataset", "add", "x", "--archive", "hollow", "--title", "X", "--deid-policy", "none"), "policy"),
    ],
)
def test_a_refusal_is_one_clear_line(slidegate: Shell, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "hollow").mkdir()
    slidegate("archive", "add", "hollow", str(tmp_path / "hollow"), "--site", "HOL")
    status, out, err = slidegate(*words)
    assert (status, out.strip()) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith("slidegate: ")
    assert said in line
