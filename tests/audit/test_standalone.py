"""The verifier as one file: run as an auditor runs it, by a Python that has nothing else."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.audit import bundle, standalone
from gateway.audit.contents import Asked
from gateway.audit.offline import layout
from gateway.audit.offline.main import main
from gateway.audit.search import EVERYTHING, Search
from gateway.db import reading, transaction
from gateway.trail import sequencer, signing
from gateway.trail.record import SYSTEM
from tests.audit.conftest import NOW


@pytest.fixture
def written(story: Path, tmp_path: Path) -> Path:
    """A bundle that two keys signed, one after the other."""
    sequencer.sequence(now=NOW)
    with transaction() as db:
        signing.begin_rotation(db, by=SYSTEM, now=NOW + timedelta(minutes=1))
    signing.end_rotation()
    sequencer.sequence(now=NOW)
    with reading() as db:
        bundle.write(db, tmp_path / "bundle", Asked(EVERYTHING, ("csv",), named=True, now=NOW))
    return tmp_path / "bundle"


class Auditor:
    """A folder with the verifier, and a Python of its own; `cryptography` if it is let have that."""

    def __init__(self, folder: Path, *, cryptography: bool) -> None:
        self.file = folder / standalone.NAME
        self.file.write_bytes(standalone.verifier())
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "python"], check=True, timeout=120)
        self.python = folder / "python/bin/python"
        installed = Path(next(path for path in sys.path if path.endswith("site-packages")))
        (alone,) = (folder / "python").glob("lib/python*/site-packages")
        for each in installed.iterdir() if cryptography else ():
            if each.name.startswith(("cryptography", "cffi", "_cffi", "pycparser")):
                (alone / each.name).symlink_to(each)

    def verified(self, *arguments: str | Path) -> tuple[int, str, str]:
        command = [self.python, "-I", self.file, *arguments]
        done = subprocess.run(
            command, cwd=self.file.parent, env={}, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    (tmp_path / "auditor").mkdir()
    return Auditor(tmp_path / "auditor", cryptography=True)


def test_it_checks_folders_and_zip_files_and_finds_what_was_bent(
    written: Path, auditor: Auditor, tmp_path: Path
) -> None:
    zipped = tmp_path / "bundle.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for path in written.iterdir():
            archive.write(path, path.name)
    for given in (written, zipped):
        status, told, wrong = auditor.verified(given)
        assert (status, wrong, told[:5]) == (0, "", "SOUND")
    events = written / layout.EVENTS
    events.write_bytes(events.read_bytes().replace(b"grant.issued", b"grant.denied", 1))
    status, told, _ = auditor.verified(written)
    assert (status, "event 1 is not what was recorded" in told) == (1, True)


def test_it_checks_a_part_and_the_keys_that_were_published(written: Path, auditor: Auditor, tmp_path: Path) -> None:
    with reading() as db:
        bundle.write(db, tmp_path / "p2", Asked(Search(project="p2"), (), named=False, now=NOW))
    status, told, _ = auditor.verified(tmp_path / "p2", "--key", written / layout.KEYS)
    assert (status, "whose key signed" in told) == (0, False)


def test_it_says_what_it_lacks(written: Path, tmp_path: Path) -> None:
    (tmp_path / "poor").mkdir()
    status, told, wrong = Auditor(tmp_path / "poor", cryptography=False).verified(written)
    assert (status, told) == (1, "")
    assert wrong.startswith("slidegate-verify needs the package cryptography")


def test_it_is_the_same_file_each_time_and_holds_only_the_verifier(tmp_path: Path) -> None:
    assert standalone.verifier() == standalone.verifier()
    (tmp_path / "it").write_bytes(standalone.verifier())
    with zipfile.ZipFile(tmp_path / "it") as archive:
        modules = {name for name in archive.namelist() if not name.endswith("__init__.py")}
    assert modules == {
        "__main__.py", *(f"gateway/trail/{name}.py" for name in standalone.TRAIL),
        *(f"gateway/audit/offline/{name}.py" for name in ("check", "dates", "events", "findings", "layout", "main")),
    }  # fmt: skip


def status_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_any_of_the_keys_given_may_have_signed(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    former, newest = (written / layout.KEYS).read_text().splitlines()
    assert status_of(str(written), "--key", newest) == 0
    assert status_of(str(written), "--key", former) == 1
    assert status_of(str(written), "--key", former, "--key", newest) == 0
    assert status_of(str(written), "--key", f"{former}\n{newest}\n") == 0
    (tmp_path / "keys").write_text(f"{former}\n\n{newest}\n")
    capsys.readouterr()
    assert status_of(str(written), "--key", str(tmp_path / "keys")) == 0
    assert "whose key signed" not in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "no key at all", "\n"])
def test_a_file_without_keys_is_a_wrong_use(written: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    assert status_of(str(written), "--key", str(tmp_path / "keys")) == 2
    assert status_of(str(written), "--key", text) == 2


def test_the_command_line_writes_it_and_says_its_hash(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "audit", "verifier", str(tmp_path / "new" / "v.pyz")],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    raw = (tmp_path / "new" / "v.pyz").read_bytes()
    assert raw == standalone.verifier()
    assert done.stdout.split() == [hashlib.sha256(raw).hexdigest(), str(tmp_path / "new" / "v.pyz")]
