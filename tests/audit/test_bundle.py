"""A bundle is checked offline: what was bent is found and named, and what is not proved is said."""

from __future__ import annotations

import json
import random
import secrets
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit import bundle, contents, packing, paths, standalone
from gateway.audit.contents import Asked
from gateway.audit.exports import FORMS
from gateway.audit.offline import layout
from gateway.audit.offline.check import check
from gateway.audit.offline.main import main
from gateway.audit.search import EVERYTHING, Search
from gateway.db import reading, transaction
from gateway.settings import ROOT
from gateway.trail import notes, sequencer, signing, tree
from gateway.trail.merkle import Frontier, leaf
from gateway.trail.notes import VerifierKey
from gateway.trail.record import SYSTEM, Actor, record
from tests.audit.conftest import ADA, BEN, NOW

MANY = 300  # events: more than one tile of the tree


def write(folder: Path, search: Search = EVERYTHING, *, named: bool = True) -> Path:
    with reading() as db:
        bundle.write(db, folder, Asked(search, ("csv",), named, NOW))
    return folder


@pytest.fixture
def log(data_dir: Path) -> Path:
    """Three hundred events of two projects and of none, signed three times; the folder of the database."""
    who: list[Actor] = [ADA, BEN, SYSTEM]
    for number in range(MANY):
        with transaction() as db:
            record(
                db, action="frames.sent", actor=who[number % 3], now=NOW + timedelta(seconds=number),
                project=("p1", "p2", None)[number % 3 if number % 7 else 0], detail={"frames": number},
                personal={"why": f"reason {number}"} if number % 50 == 0 else None,
            )  # fmt: skip
        if number in (60, 200):
            sequencer.sequence(now=NOW)
    sequencer.sequence(now=NOW)
    return data_dir


@pytest.fixture
def whole(log: Path, tmp_path: Path) -> Path:
    return write(tmp_path / "whole")


@pytest.fixture
def of_project(log: Path, tmp_path: Path) -> Path:
    return write(tmp_path / "p1", Search(project="p1"))


def kinds(folder: Path, **how: list[object]) -> set[str]:
    return {fault.kind for fault in check(folder, **how).faults}  # type: ignore[arg-type]  # given by name below


def rewrite(folder: Path, name: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = folder / name
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def own_about(folder: Path, events: int) -> None:
    """bundle.json made to agree, as whoever bends the events would."""
    about = json.loads((folder / layout.ABOUT).read_text())
    (folder / layout.ABOUT).write_text(json.dumps(about | {"events": events}))


def test_a_whole_log_is_proved_whole(whole: Path) -> None:
    found = check(whole)
    assert found.sound
    assert found.events == found.size == MANY + 1  # and the key's announcement
    assert any("all of them, unchanged and in their order" in each for each in found.proved)
    assert any("3 former checkpoints" in each or "2 former checkpoints" in each for each in found.proved)
    assert any("whose key signed" in each for each in found.not_proved)


def test_a_project_is_proved_without_gap_and_says_what_it_cannot(of_project: Path) -> None:
    found = check(of_project)
    assert found.sound
    assert any("of project p1 no event from number 1 to" in each for each in found.proved)
    assert any("no later events" in each for each in found.not_proved)


def test_a_selection_is_proved_event_by_event(log: Path, tmp_path: Path) -> None:
    found = check(write(tmp_path / "some", Search(since=NOW, until=NOW + timedelta(seconds=50))))
    assert found.sound
    assert found.events >= 50
    assert any("nothing else fits the search" in each for each in found.not_proved)


def flip(lines: list[bytes]) -> list[bytes]:
    assert b'"frames":42' in lines[42]
    return [*lines[:42], lines[42].replace(b'"frames":42', b'"frames":43'), *lines[43:]]


WHOLE: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "flip": (flip, "flipped"),
    "delete": (lambda lines: lines[:99] + lines[100:], "missing"),
    "reorder": (lambda lines: [*lines[:9], lines[10], lines[9], *lines[11:]], "reordered"),
    "truncate": (lambda lines: lines[:-5], "truncated"),
    "delete all": (lambda _lines: [], "truncated"),
    "repeat": (lambda lines: [*lines, lines[-1]], "forked"),
    "garble": (lambda lines: [*lines[:9], b"no json\n", *lines[10:]], "malformed"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_what_was_done_to_a_whole_log_is_named(whole: Path, kind: str) -> None:
    change, named = WHOLE[kind]
    rewrite(whole, layout.EVENTS, change)
    own_about(whole, len((whole / layout.EVENTS).read_bytes().splitlines()))
    assert named in kinds(whole)


def test_a_changed_event_is_pointed_at(whole: Path) -> None:
    rewrite(whole, layout.EVENTS, flip)
    assert [fault.text for fault in check(whole).faults] == ["event 43 is not what was recorded"]


def one_less(folder: Path, place: int) -> None:
    for name in (layout.EVENTS, layout.PROOFS):
        rewrite(folder, name, lambda lines: lines[:place] + lines[place + 1 :])
    own_about(folder, len((folder / layout.EVENTS).read_bytes().splitlines()))


def test_an_event_taken_out_of_a_project_leaves_a_gap(of_project: Path) -> None:
    (of_project / layout.OPENINGS).unlink()
    one_less(of_project, 7)
    assert kinds(of_project) == {"project-gap"}


def test_an_event_changed_in_a_part_does_not_lead_to_the_root(of_project: Path) -> None:
    rewrite(of_project, layout.EVENTS, lambda lines: [lines[0].replace(b"frames.sent", b"frames.seen"), *lines[1:]])
    assert "flipped" in kinds(of_project)


def test_a_step_of_a_path_that_was_changed_is_found_wherever_it_is(of_project: Path) -> None:
    lines = (of_project / layout.PROOFS).read_text().splitlines()
    for place in (0, 1, len(lines) // 2, len(lines) - 1):
        told = json.loads(lines[place])
        for step in range(len(told["path"])):
            path = list(told["path"])
            path[step] = path[step - 1]
            bent = json.dumps({**told, "path": path})
            (of_project / layout.PROOFS).write_text("\n".join([*lines[:place], bent, *lines[place + 1 :]]) + "\n")
            assert kinds(of_project) == {"flipped"}
        for damage in (path[:-1], [*path, path[0]]):
            bent = json.dumps({**told, "path": damage})
            (of_project / layout.PROOFS).write_text("\n".join([*lines[:place], bent, *lines[place + 1 :]]) + "\n")
            assert kinds(of_project) == {"flipped"}


def test_an_event_in_anothers_place_is_found_beside_it(of_project: Path) -> None:
    """Neighbours have most of their paths in common."""
    numbers = [json.loads(line)["seq"] for line in (of_project / layout.EVENTS).read_text().splitlines()]
    first, second = numbers[3:5]
    assert first // 256 == second // 256

    def exchanged(lines: list[bytes]) -> list[bytes]:
        bodies = [lines[4].replace(b'"seq":%d' % second, b'"seq":%d' % first), lines[3]]
        return [*lines[:3], bodies[0], bodies[1].replace(b'"seq":%d' % first, b'"seq":%d' % second), *lines[5:]]

    rewrite(of_project, layout.EVENTS, exchanged)
    (of_project / layout.OPENINGS).unlink()
    assert "flipped" in kinds(of_project)


@pytest.mark.parametrize("path", [None, "x", {}, [1], ["x"], [["x"]]])
def test_a_path_that_is_none_proves_nothing(of_project: Path, path: object) -> None:
    def without(lines: list[bytes]) -> list[bytes]:
        return [json.dumps({**json.loads(lines[0]), "path": path}).encode() + b"\n", *lines[1:]]

    rewrite(of_project, layout.PROOFS, without)
    assert "missing" in kinds(of_project)


def test_a_part_without_its_proofs_is_not_sound(of_project: Path) -> None:
    rewrite(of_project, layout.PROOFS, lambda lines: lines[:-1])
    assert "missing" in kinds(of_project)


def test_a_personal_value_that_was_not_recorded_is_found(whole: Path) -> None:
    rewrite(whole, layout.OPENINGS, lambda lines: [each.replace(b"Lovelace", b"Byron") for each in lines])
    assert b"Byron" in (whole / layout.OPENINGS).read_bytes()
    assert kinds(whole) == {"opening"}


def test_without_names_it_still_verifies_and_names_nobody(log: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "redacted", named=False)
    assert check(folder).sound
    assert b"Lovelace" not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_no_form_tells_more_than_the_checkpoint_covers(log: Path, tmp_path: Path) -> None:
    with transaction() as db:
        record(db, action="came.later", actor=ADA, now=NOW, project="p1")
    folder = tmp_path / "all"
    with reading() as db:
        bundle.write(db, folder, Asked(EVERYTHING, tuple(FORMS), named=True, now=NOW))
    assert check(folder).sound
    assert (folder / "audit.fhir").read_bytes().count(b"\n") == MANY + 1
    for form in FORMS:
        assert b"came.later" not in (folder / layout.form(form)).read_bytes()


def test_a_second_process_writes_the_same(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for many in (10**9, 1):
        monkeypatch.setattr(bundle, "MANY", many)
        folder = tmp_path / str(many)
        with reading() as db:
            bundle.write(db, folder, Asked(Search(project="p1"), tuple(FORMS), named=True, now=NOW))
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]
    assert written[0].keys() >= {layout.form(form) for form in FORMS}


def test_a_zip_file_is_sent_while_it_is_made_and_holds_the_same(log: Path, tmp_path: Path) -> None:
    asked = Asked(EVERYTHING, tuple(FORMS), named=True, now=NOW)
    zipped, folder = tmp_path / "sent.zip", tmp_path / "written"
    with reading() as db:
        zipped.write_bytes(b"".join(packing.packed(db, contents.begun(db, asked))))
        bundle.write(db, folder, asked)
    assert check(zipped).sound
    with zipfile.ZipFile(zipped) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in folder.iterdir()
        }


def test_a_zip_file_that_was_cut_off_is_no_bundle(log: Path, tmp_path: Path) -> None:
    with reading() as db:
        begun = contents.begun(db, Asked(EVERYTHING, ("csv",), named=True, now=NOW))
        whole = b"".join(packing.packed(db, begun))
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) - 100])
    assert kinds(tmp_path / "cut.zip") == {"malformed"}


def test_a_zip_file_takes_constant_memory(data_dir: Path) -> None:
    with transaction() as db:
        for _ in range(4000):
            record(db, action="x.done", actor=ADA, now=NOW, project="p", detail={"text": secrets.token_hex(500)})
    sequencer.sequence(now=NOW)
    asked = Asked(EVERYTHING, ("csv", "fhir"), named=True, now=NOW)
    with reading() as db:
        sum(map(len, packing.packed(db, contents.begun(db, asked))))  # what is kept for good is kept now
        tracemalloc.start()
        size = sum(map(len, packing.packed(db, contents.begun(db, asked))))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size > 6_000_000
    assert peak < 5_000_000


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 600])
def test_paths_found_by_the_tile_are_those_of_the_tree(data_dir: Path, size: int) -> None:
    with transaction() as db:
        tree.append(db, 0, [leaf(str(number).encode()) for number in range(600)])
    chance = random.Random(size)
    with reading() as db:
        for count in {1, (size + 1) // 2, size}:
            seqs = sorted(chance.sample(range(1, size + 1), count))
            told = list(paths.Paths(db, size).of(seqs))
            assert told == [paths.text(tree.Tree(db).inclusion(seq - 1, size)) for seq in seqs]


def test_a_file_for_reading_that_was_changed_is_found(whole: Path) -> None:
    rewrite(whole, "audit.csv", lambda lines: lines[:-1])
    assert kinds(whole) == {"flipped"}


def forged(folder: Path, key: Ed25519PrivateKey) -> None:
    """The whole log written anew without one event's truth, under a tree and a signature of one's own."""
    rewrite(folder, layout.EVENTS, flip)
    growing = Frontier()
    events = (folder / layout.EVENTS).read_bytes().splitlines()
    for line in events:
        growing.append(leaf(line))
    origin = (folder / layout.CHECKPOINT).read_text().splitlines()[0]
    stated = notes.Checkpoint(origin, growing.size, growing.root())
    (folder / layout.CHECKPOINT).write_text(notes.sign(stated, (origin, key)))
    (folder / layout.HISTORY).write_text("")


def test_a_log_forged_with_the_key_itself_is_found_by_whoever_noted_a_checkpoint(whole: Path, log: Path) -> None:
    noted = (whole / layout.CHECKPOINT).read_text()
    with reading() as db:
        _, key = signing.present(db, now=NOW)
    forged(whole, key)
    assert check(whole).sound  # nothing in it can tell
    assert kinds(whole, seen=[noted]) == {"forked"}


def test_a_log_cut_off_with_the_key_itself_is_found_by_whoever_noted_a_checkpoint(log: Path, tmp_path: Path) -> None:
    older = write(tmp_path / "older")
    with transaction() as db:
        record(db, action="frames.sent", actor=ADA, now=NOW, project="p1")
    later = sequencer.sequence(now=NOW)
    assert later is not None
    assert check(older).sound
    assert kinds(older, seen=[later.note]) == {"truncated"}


def test_another_key_is_not_the_one_that_is_trusted(whole: Path, log: Path) -> None:
    (known,) = (VerifierKey.read(line) for line in (whole / layout.KEYS).read_text().splitlines())
    assert check(whole, trusted=[known]).sound
    stranger = Ed25519PrivateKey.generate()
    forged(whole, stranger)
    theirs = VerifierKey(known.name, stranger.public_key().public_bytes_raw())
    (whole / layout.KEYS).write_text(theirs.text + "\n")
    assert kinds(whole) == {"key"}  # the log announces another
    assert kinds(whole, trusted=[known]) == {"signature"}


def test_a_former_key_keeps_proving_what_it_signed(log: Path, tmp_path: Path) -> None:
    with transaction() as db:
        signing.begin_rotation(db, by=SYSTEM, now=NOW + timedelta(minutes=1))
    signing.end_rotation()
    sequencer.sequence(now=NOW)
    found = check(write(tmp_path / "rotated"))
    assert found.sound
    assert len((tmp_path / "rotated" / layout.KEYS).read_text().splitlines()) == 2


@pytest.mark.parametrize("name", [layout.ABOUT, layout.CHECKPOINT, layout.KEYS, layout.EVENTS, layout.HISTORY])
@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_a_bundle_that_lacks_a_file_or_holds_garbage_is_not_sound(whole: Path, name: str, damage: str) -> None:
    (whole / name).unlink() if damage == "gone" else (whole / name).write_bytes(b"\xff\x00 nothing\n")
    assert not check(whole).sound


def test_the_command_needs_nothing_but_python_and_cryptography(whole: Path, tmp_path: Path) -> None:
    """Run with only the verifier's own modules and cryptography to be found; folder and zip alike."""
    alone = tmp_path / "alone"
    for path in ("gateway/__init__.py", "gateway/audit/__init__.py", "gateway/trail/__init__.py"):
        (alone / path).parent.mkdir(parents=True, exist_ok=True)
        (alone / path).touch()
    shutil.copytree(ROOT / "gateway/audit/offline", alone / "gateway/audit/offline")
    for name in standalone.TRAIL:
        shutil.copy(ROOT / f"gateway/trail/{name}.py", alone / "gateway/trail")
    installed = Path(next(path for path in sys.path if path.endswith("site-packages")))
    for each in installed.iterdir():
        if each.name.startswith(("cryptography", "cffi", "_cffi", "pycparser")):
            (alone / each.name).symlink_to(each)
    zipped = tmp_path / "whole.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for path in whole.iterdir():
            archive.write(path, path.name)
    for given in (whole, zipped):
        done = subprocess.run(
            [sys.executable, "-S", "-m", "gateway.audit.offline.main", str(given)],
            cwd=alone, env={"PYTHONPATH": str(alone)}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("SOUND")


def test_the_command_says_no_in_words_and_in_its_status(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(whole, layout.EVENTS, flip)
    with pytest.raises(SystemExit) as ended:
        main([str(whole)])
    assert ended.value.code == 1
    assert "event 43 is not what was recorded" in capsys.readouterr().out
