"""Bad input of each kind: one clear line, exit 1 or 4xx, no identifier in it, and nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue.models import BROKEN, INDEXED, Instance
from gateway.cli import main
from gateway.clock import now
from gateway.settings import Settings
from tests.conftest import ROOT
from tests.dicom.faults import FAULTS
from tests.release.builders import World, a_gateway, an_archive, at, the_template

IDENTIFYING = ("okonkwo", "traceback", str(ROOT))
KINDS = ("empty", "text", "no prefix", "no meta", "unknown transfer syntax", "cut in a value", "pixels cut",
         "VR of zeros", "out of order", "nested 1,000 deep", "deflated and cut")  # fmt: skip


class Shell:
    """The console script, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: str | Path) -> tuple[int, str]:
        """(exit status, what was said on stderr)."""
        self._monkeypatch.setattr(sys, "argv", ["slidegate", *map(str, words)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, self._capsys.readouterr().err


@pytest.fixture
def slidegate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A gateway's data directory, empty but for its tables."""
    before = settings_room.current()
    settings_room.use(replace(Settings(), data_dir=tmp_path / "data"))
    engine = database.bind(settings_room.current().database)
    database.Base.metadata.create_all(engine)
    yield tmp_path  # type: ignore[misc]  # pytest's own form
    engine.dispose()
    settings_room.use(before)


def one_clear_line(said: str) -> bool:
    quiet = not any(word in said.lower() for word in IDENTIFYING)
    return quiet and said.startswith("slidegate: ") and said.count("\n") == 1 and said.rstrip().endswith("]")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_file_is_refused_and_nothing_is_written(kind: str, house: Path, slidegate: Shell) -> None:
    source = house / "Okonkwo.dcm"
    source.write_bytes(FAULTS[kind][0])
    key = ("--key-file", house / "key")
    for words in (("deid", source, house / "out.dcm", *key), ("deid", "explain", source, *key)):
        status, said = slidegate(*words, "--policy", "pathology-research")
        assert (status, one_clear_line(said)) == (1, True), said
    assert not [name for name in files(house) if name not in ("Okonkwo.dcm", "key") and not name.startswith("data/")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_file_among_good_ones_is_recorded_and_stops_nothing(kind: str, house: Path, slidegate: Shell) -> None:
    an_archive(house / "archive")
    (house / "archive" / "Okonkwo.dcm").write_bytes(FAULTS[kind][0])
    assert slidegate("archive", "add", "north", house / "archive", "--site", "NGH")[0] == 0
    assert slidegate("archive", "index", "north")[0] == 0
    with database.reading() as db:
        broken = list(db.scalars(select(Instance).where(Instance.state == BROKEN)))
        assert len(broken) == 1
        assert broken[0].reason
        assert not any(word in broken[0].reason.lower() for word in IDENTIFYING)
        assert len(list(db.scalars(select(Instance).where(Instance.state == INDEXED)))) == 9


def test_a_folder_with_a_bad_file_gives_the_good_ones_and_says_which_was_not(house: Path, slidegate: Shell) -> None:
    an_archive(house / "in")
    (house / "in" / "Okonkwo.dcm").write_bytes(FAULTS["cut in a value"][0])
    status, said = slidegate(
        "deid", house / "in", house / "out", "--policy", "pathology-research", "--key-file", house / "key"
    )
    assert (status, said) == (0, "")
    written = files(house / "out")
    assert len([name for name in written if name.endswith(".dcm")]) == 5
    assert not [name for name in written if name.endswith(".part")]
    report = (house / "out" / "report.csv").read_text("utf-8")
    assert report.count("unreadable") == 1
    assert "okonkwo" not in report.lower()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("deid", "{empty}", "{out}", "--policy", "pathology-research"), "invalid"),
        (("deid", "{none}", "{out}", "--policy", "pathology-research"), "not-found"),
        (("deid", "{empty}", "{out}", "--policy", "no-such-policy"), "unknown-policy"),
        (("deid", "{empty}", "{out}", "--policy", "../../etc/passwd"), "unknown-policy"),
        (("deid", "explain", "{none}", "--policy", "basic"), "not-found"),
        (("archive", "add", "north", "{none}", "--site", "N"), None),
        (("archive", "add", "north", "gopher://x", "--site", "N"), None),
        (("archive", "index", "nobody"), None),
        (("release", "build", "--grant", "nobody"), None),
        (("release", "revoke", "nobody", "--reason", "x"), None),
    ],
)
def test_what_is_not_there_gives_one_clear_line(
    words: tuple[str, ...], code: str | None, house: Path, slidegate: Shell
) -> None:
    (house / "empty").mkdir()
    named = {"empty": house / "empty", "none": house / "none", "out": house / "out"}
    key = ("--key-file", str(house / "key")) if words[0] == "deid" else ()
    status, said = slidegate(*(word.format(**named) for word in words), *key)
    assert (status, one_clear_line(said)) == (1, True), said
    assert code is None or f"[{code}]" in said
    assert not (house / "out").exists()


def test_an_empty_archive_is_not_taken_for_one_whose_slides_are_gone(house: Path, slidegate: Shell) -> None:
    (house / "empty").mkdir()
    assert slidegate("archive", "add", "north", house / "empty", "--site", "N")[0] == 0
    status, said = slidegate("archive", "index", "north")
    assert (status, one_clear_line(said)) == (1, True)


def test_wrong_usage_is_exit_2(slidegate: Shell) -> None:
    assert slidegate("deid")[0] == 2
    assert slidegate("nonsense")[0] == 2
    assert slidegate("audit", "export", "--format", "xlsx")[0] == 2


def test_an_unknown_setting_gives_one_clear_line(tmp_path: Path) -> None:
    environment = {**os.environ, "SLIDEGATE_DATABSE_URL": "x", "SLIDEGATE_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "gateway.cli", "archive", "list"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "databse_url" in done.stderr


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("faults"))


def answers(world: World, token: str) -> list[tuple[int, str]]:
    entry = world.released()[0]
    paths = ["/studies", "/instances?limit=1", at(entry), at(entry, "/metadata"), at(entry, "/frames/1"),
             at(entry, "/frames/1/rendered"), at(entry, "/thumbnail")]  # fmt: skip
    got = [world.get(path, token=token) for path in paths]
    return [(each.status_code, each.json["code"]) for each in got]


def test_a_bad_token_opens_nothing_and_says_why(tmp_path: Path, template: Path) -> None:
    with a_gateway(tmp_path, template) as world:
        expired = world.token_for(world.reader, days=1, made=now() - timedelta(days=3))
        assert set(answers(world, expired)) == {(401, "bad-token")}
        for garbled in ("", "sg_", "sg_" + "A" * 43, world.token[:-1], world.token + "A", "Bearer", "\u00e9" * 40):
            assert {status for status, _code in answers(world, garbled)} == {401}
        world.revoke()
        assert set(answers(world, world.token)) == {(403, "grant-revoked")}


@pytest.mark.parametrize(
    "path",
    ["/studies/1.2.3", "/studies/abc/series/1/instances/2", "/studies/..%2f..%2f/series/1/instances/2",
     "/studies/1.2.3/series/1.2.3/instances/1.2.3/frames/1", "/instances?limit=-1", "/instances?limit=a",
     "/instances?offset=99999999999999999999", "/nothing/here"],
)  # fmt: skip
def test_bad_addresses_are_4xx_with_a_code(path: str, tmp_path: Path, template: Path) -> None:
    with a_gateway(tmp_path, template) as world:
        answer = world.get(path)
        assert 400 <= answer.status_code < 500
        assert answer.json["code"]
        assert answer.content_type.startswith("application/problem+json")
