"""The demo's files are sound DICOM by an independent judge, dciodvfy of dicom3tools."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.offline import Job, deidentify_folder
from gateway.deid.keys import ProjectKeys
from gateway.demo.archive import PlantedArchive
from gateway.settings import ROOT

BESIDE = Path(sys.executable).parent / "dciodvfy"
JUDGE = str(BESIDE) if BESIDE.exists() else shutil.which("dciodvfy")


def verdict(path: Path) -> list[str]:
    """What dciodvfy says of a file, line by line."""
    assert JUDGE is not None
    said = subprocess.run([JUDGE, str(path)], capture_output=True, text=True, errors="replace", check=False)
    return (said.stdout + said.stderr).splitlines()


@pytest.mark.skipif(JUDGE is None, reason="dciodvfy is not installed")
def test_dciodvfy_finds_no_error_in_any_object(objects: list[Path]) -> None:
    wrong = {path.name: [line for line in verdict(path) if "Error" in line or "Abort" in line] for path in objects}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


@pytest.mark.skipif(JUDGE is None, reason="dciodvfy is not installed")
def test_dciodvfy_warns_of_planted_elements_only(objects: list[Path]) -> None:
    """Private blocks are unknown to it, and some hospitals fill in more of the patient than the module has."""
    excused = ("Unrecognized tag", "Standard Extended SOP Class", "not present in standard DICOM IOD - (0x0010,")
    warned = {line for path in objects for line in verdict(path) if "Warning" in line}
    assert {line for line in warned if not any(words in line for words in excused)} == set()


@pytest.mark.skipif(JUDGE is None, reason="dciodvfy is not installed")
def test_the_judge_would_have_found_a_missing_module(slides: list[Path], tmp_path: Path) -> None:
    import pydicom

    dataset = pydicom.dcmread(next(slides[0].glob("*_0.dcm")))
    del dataset.OpticalPathSequence
    dataset.save_as(tmp_path / "worse.dcm")
    assert any("Error" in line and "OpticalPath" in line for line in verdict(tmp_path / "worse.dcm"))


@pytest.mark.skipif(JUDGE is None, reason="dciodvfy is not installed")
@pytest.mark.parametrize("policy", ["basic", "pathology-research"])
def test_dciodvfy_finds_no_error_after_de_identification(policy: str, archive: PlantedArchive, tmp_path: Path) -> None:
    """Every object, labels too: with --pixels-checked nothing is held back for its pixels."""
    job = Job(ROOT / "policies", policy, ProjectKeys(b"a key of thirty-two bytes, or so"), pixels_checked=True)
    done = deidentify_folder(archive.root, tmp_path, job)
    assert (done.withheld, done.broken) == (0, 0)
    written = sorted(tmp_path.rglob("*.dcm"))
    assert len(written) == done.released > 60
    wrong = {path.name: [line for line in verdict(path) if "Error" in line or "Abort" in line] for path in written}
    assert {name: lines for name, lines in wrong.items() if lines} == {}
