"""Checkpoints, key rotation and bundles from the command line, as an operator and an auditor use them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings import ROOT
from gateway.trail.notes import VerifierKey, opened


class Operator:
    """A data directory, and the commands run on it."""

    def __init__(self, folder: Path) -> None:
        self.environ = {**os.environ, "SLIDEGATE_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "gateway.cli", *arguments]

    def run(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            self.command(*arguments), env=self.environ, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    found = Operator(tmp_path / "data")
    found.run("db", "upgrade")
    return found


def one_event(operator: Operator) -> None:
    operator.run("audit", "export", "--format", "csv", "--out", str(Path(operator.environ["SLIDEGATE_DATA_DIR"]) / "x"))


def verified(bundle: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "gateway.audit.offline.main", str(bundle), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


def test_an_empty_log_cannot_be_signed(operator: Operator) -> None:
    assert "no checkpoint yet" in operator.run("audit", "checkpoint", status=1)


def test_a_bundle_is_checked_against_a_checkpoint_that_was_noted_and_a_key_that_was_published(
    operator: Operator, tmp_path: Path
) -> None:
    one_event(operator)
    noted = tmp_path / "noted"
    noted.write_text(operator.run("audit", "checkpoint"))
    operator.run("audit", "rotate-key")
    bundle = Path(operator.run("audit", "export", "--format", "bundle", "--out", str(tmp_path / "out")).strip())
    keys = [VerifierKey.read(line) for line in (bundle / "keys.txt").read_text().splitlines()]
    assert len(keys) == 2
    assert opened(noted.read_text(), keys)[1] == keys[:1]
    status, told = verified(bundle, "--seen", str(noted), "--key", keys[1].text)
    assert (status, told[:5]) == (0, "SOUND")
    assert "whose key signed" not in told
    status, told = verified(bundle, "--key", keys[0].text)
    assert status == 1  # the newest checkpoint is signed by the newest key


def test_the_forms_of_a_bundle_are_chosen(operator: Operator, tmp_path: Path) -> None:
    for asked, forms in (("none", set()), ("csv,html", {"csv", "html"}), ("all", {"csv", "fhir", "atna", "html"})):
        made = operator.run("audit", "export", "--format", "bundle", "--forms", asked, "--out", str(tmp_path / asked))
        bundle = Path(made.strip())
        assert {path.suffix[1:] for path in bundle.glob("audit.*")} == forms
        assert verified(bundle)[0] == 0
    wrong = ("audit", "export", "--format", "bundle", "--forms", "pdf", "--out", str(tmp_path))
    assert "csv, fhir, atna and html" in operator.run(*wrong, status=1)


def test_names_are_erased_for_a_person_or_a_project(operator: Operator) -> None:
    who = ("--email", "ada@example.org", "--name", "Ada Lovelace", "--password", "correct horse battery")
    operator.run("account", "create", *who)
    erase = ("audit", "erase-openings", "--yes")
    assert operator.run(*erase, "--person", "ada@example.org", "--reason", "retention").endswith(
        "0 openings are erased\n"
    )
    assert operator.run(*erase, "--person", "ada@example.org", "--reason", "ordered").endswith(
        "2 openings are erased\n"
    )
    assert "knows nobody" in operator.run(*erase, "--project", "none", "--reason", "ordered", status=1)
    assert "either --person or --project" in operator.run(*erase, "--reason", "ordered", status=2)


def test_whoever_does_the_jobs_signs_the_log_as_it_grows(operator: Operator, tmp_path: Path) -> None:
    one_event(operator)
    log = tmp_path / "log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            operator.command("jobs", "work"), env=operator.environ, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            data = Path(operator.environ["SLIDEGATE_DATA_DIR"])
            wait = "import sys, time, sqlite3\n" + (
                "end = time.monotonic() + 60\n"
                "while time.monotonic() < end:\n"
                "    if sqlite3.connect(sys.argv[1]).execute('select count(*) from trail_checkpoint').fetchone()[0]:\n"
                "        sys.exit(0)\n"
                "    time.sleep(0.1)\n"
                "sys.exit(1)\n"
            )
            done = subprocess.run([sys.executable, "-c", wait, str(data / "slidegate.db")], timeout=90, check=False)
            assert done.returncode == 0, log.read_text()
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=60) == 0
