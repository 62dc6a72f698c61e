"""`slidegate doctor`: each thing that can be wrong is found, told in plain words, and nothing secret is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue import commands as catalogue
from gateway.catalogue.indexing import index_archive
from gateway.cli.examining import Finding, examine
from gateway.clock import now
from gateway.migrate import upgrade
from gateway.projects.keys import first_data_master
from gateway.settings import ROOT, Settings
from gateway.trail import fitness
from gateway.trail.record import SYSTEM, record
from gateway.trail.sequencer import sequence
from tests.release.builders import SITE, an_archive


@pytest.fixture
def well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A deployment with nothing wrong but that it sends no mail."""
    monkeypatch.setattr(fitness, "SLOWEST", 20.0)
    monkeypatch.setattr(
        "gateway.cli.examining.APART", tuple(each for each in _apart() if each.__name__ != "ocr_engine")
    )
    before = settings_room.current()
    an_archive(tmp_path / "slides")
    chosen = Settings(data_dir=tmp_path / "data", base_url="https://gate.example.org")
    chosen.data_dir.mkdir()
    settings_room.use(chosen)
    engine = database.bind(chosen.database)
    upgrade()
    with database.transaction() as db:
        first_data_master(db, now=now())
        site = catalogue.add_site(db, by=SYSTEM, code=SITE, name="North", now=now())
        uri = f"folder:{tmp_path / 'slides'}"
        catalogue.add_archive(db, by=SYSTEM, name="ngh", uri=uri, site=site, now=now())
    index_archive(by=SYSTEM, name="ngh", now=now())
    sequence(now=now())
    yield chosen
    engine.dispose()
    settings_room.use(before)


def _apart() -> tuple[Any, ...]:
    from gateway.cli import examining

    return examining.APART


def found(chosen: Settings, **changed: Any) -> dict[str, Finding]:
    settings_room.use(replace(chosen, **changed))
    try:
        return {each.name: each for each in examine(settings_room.current(), now())}
    finally:
        settings_room.use(chosen)


def states(findings: dict[str, Finding]) -> dict[str, str]:
    return {name: each.state for name, each in findings.items() if each.state != "ok"}


def test_a_deployment_that_is_well_is_told_so(well: Settings) -> None:
    findings = found(well)
    assert states(findings) == {"mail": "warn"}
    assert set(findings) >= {"address", "policies", "key file", "keys", "disk", "database", "record", "sequencer",
                             "archives", "clock", "jpeg library"}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "name", "state"),
    [
        ({"secure_cookies": False}, "address", "fail"),
        ({"base_url": "http://gate.example.org"}, "address", "warn"),
        ({"agreement": "not-there"}, "policies", "fail"),
        ({"default_deid_policy": "not-there"}, "policies", "fail"),
        ({"disk_reserve_bytes": 1 << 60}, "disk", "fail"),
        ({"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_from": "x@example.org"}, "mail", "fail"),
        ({"smtp_host": "127.0.0.1"}, "mail", "fail"),
        ({"key_file": Path("/nowhere/master.key")}, "keys", "fail"),
    ],
)
def test_a_setting_that_is_wrong_is_found(well: Settings, changed: dict[str, Any], name: str, state: str) -> None:
    findings = found(well, **changed)
    assert findings[name].state == state
    assert findings[name].todo


def test_a_key_that_others_can_read_is_found(well: Settings) -> None:
    well.master_key_file.chmod(0o644)
    assert found(well)["key file"].state == "fail"


def test_another_key_than_that_of_the_database_is_found(well: Settings) -> None:
    well.master_key_file.write_text("slidegate master key 1\n" + "0" * 64 + "\n")
    assert found(well)["keys"].state == "fail"


def test_an_archive_that_is_away_is_found(well: Settings, tmp_path: Path) -> None:
    (tmp_path / "slides").rename(tmp_path / "elsewhere")
    findings = found(well)
    assert findings["archives"].state == "fail"
    assert "ngh" in findings["archives"].found
    assert str(tmp_path) not in findings["archives"].found


def test_events_that_wait_too_long_for_their_checkpoint_are_found(well: Settings) -> None:
    with database.transaction() as db:
        record(db, action="x", actor=SYSTEM, now=now())
    assert found(well)["sequencer"].state == "ok"
    late = now() + 2 * fitness.LATEST
    (finding,) = (each for each in examine(well, late) if each.name == "sequencer")
    assert finding.state in ("ok", "fail")  # the look at the record lends a hand first
    assert finding.state == "ok" or finding.todo


def test_a_database_of_another_version_is_found_and_asked_nothing_more(well: Settings) -> None:
    with database.transaction() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    findings = found(well)
    assert findings["database"].state == "fail"
    assert "keys" not in findings


def test_no_database_is_made_by_looking_for_it(well: Settings, tmp_path: Path) -> None:
    findings = found(well, data_dir=tmp_path)
    assert findings["database"].state == "fail"
    assert not (tmp_path / "slidegate.db").exists()


def test_a_mail_server_that_answers_is_told(well: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = "import socket,sys\nfor s in [socket.socket(fileno=int(sys.argv[1]))]:\n c=s.accept()[0]\n" \
                 " c.sendall(b'220 x\\r\\n'); c.recv(99); c.sendall(b'221 x\\r\\n')"  # fmt: skip
        os.set_inheritable(server.fileno(), True)
        answering = subprocess.Popen([sys.executable, "-c", script, str(server.fileno())], close_fds=False)
        told = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_from": "x@example.org", "smtp_starttls": False}
        assert found(well, **told)["mail"].state == "ok"
        answering.wait(20)


def test_at_the_command_line_it_says_what_to_do_and_fails_if_something_does(tmp_path: Path) -> None:
    environ = {**os.environ, "SLIDEGATE_DATA_DIR": str(tmp_path), "SLIDEGATE_S3_SECRET_KEY": "hunter2hunter2"}

    def run(*more: str, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gateway.cli", "doctor", *more]
        return subprocess.run(command, cwd=ROOT, env=environ | extra, capture_output=True, text=True, check=False)

    told = run("--json")
    report = json.loads(told.stdout)
    assert (told.returncode, report["well"]) == (1, False)
    by_name = {each["name"]: each for each in report["findings"]}
    assert by_name["database"]["todo"].startswith("run `slidegate db upgrade`")
    assert by_name["ocr engine"]["state"] == "ok"
    assert "hunter2" not in told.stdout
    broken = run(SLIDEGATE_NO_SUCH_SETTING="1")
    assert broken.returncode == 1
    assert broken.stdout.startswith("fail  settings")
