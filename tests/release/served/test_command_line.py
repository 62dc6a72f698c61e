"""`slidegate release`: built once, listed, taken back; a wrong name gives one clear line."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT
from tests.release.served.houses import House, a_grant, a_reader, an_account


def slidegate(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.cli", "release", *words]
    environment = {**os.environ, **house.environment(), "COLUMNS": "200"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_building_twice_gives_one_release(house: House) -> None:
    grant = a_grant(house, an_account())
    first, second = (slidegate(house, "build", "--grant", grant.id) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == second.stdout
    assert "48 images released" in first.stdout
    assert slidegate(house, "list").stdout.count(grant.id) == 1


def test_a_release_is_taken_back_once_and_with_a_reason(house: House) -> None:
    release = a_reader(house).release.id
    assert slidegate(house, "revoke", release).returncode == 2
    assert slidegate(house, "revoke", release, "--reason", "Laptop lost").returncode == 0
    assert "Revoked" in next(line for line in slidegate(house, "list").stdout.splitlines() if release in line)
    again = slidegate(house, "revoke", release, "--reason", "Laptop lost")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "grant-already-revoked" in again.stderr


def test_what_is_not_there_gives_one_line(house: House) -> None:
    for words in (("build", "--grant", "nothing"), ("revoke", "nothing", "--reason", "Why")):
        done = slidegate(house, *words)
        assert (done.returncode, done.stderr.count("\n"), done.stdout) == (1, 1, "")
