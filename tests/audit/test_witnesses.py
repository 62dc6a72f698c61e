"""Others sign that the log only grew; a bundle shows it, and a log that was bent gets no such signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import settings
from gateway.audit import bundle
from gateway.audit.contents import Asked
from gateway.audit.offline.check import check
from gateway.audit.offline.main import main
from gateway.audit.search import EVERYTHING
from gateway.db import reading, transaction
from gateway.trail import sequencer, signing, witnesses
from gateway.trail.merkle import leaf
from gateway.trail.notes import VerifierKey, opened
from gateway.trail.record import record
from tests.audit.conftest import ADA, NOW
from tests.trail.a_witness import Witness, a_witness


@pytest.fixture
def witness(data_dir: Path) -> Iterator[Witness]:
    with a_witness() as found:
        settings.use(replace(settings.current(), witnesses=(f"{found.url} {found.key.text}",)))
        grow()
        with reading() as db:
            found.log = VerifierKey.read(signing.verifiers(db)[0].verifier)
        yield found


def grow(count: int = 5) -> str:
    """More events, signed; gives the note."""
    for _ in range(count):
        with transaction() as db:
            record(db, action="frames.sent", actor=ADA, now=NOW, project="p1")
    sequencer.sequence(now=NOW)
    with reading() as db:
        newest = sequencer.newest(db)
        assert newest is not None
        return witnesses.note_of(db, newest)


def write(folder: Path) -> Path:
    with reading() as db:
        bundle.write(db, folder, Asked(EVERYTHING, (), True, NOW))
    return folder


def test_each_checkpoint_is_cosigned_once(witness: Witness) -> None:
    for _ in range(3):
        note = grow()
        assert opened(note, [witness.key])[1] == []
        assert witnesses.ask(now=NOW) == 1
        assert witnesses.ask(now=NOW) == 0
        with reading() as db:
            checkpoint = sequencer.newest(db)
            assert checkpoint is not None
            assert opened(witnesses.note_of(db, checkpoint), [witness.key])[1] == [witness.key]
            assert witness.size == checkpoint.size


def test_a_bundle_shows_who_saw_it_and_when(
    witness: Witness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "before")
    assert {each.kind for each in check(folder, witnesses=[witness.key]).faults} == {"unwitnessed"}
    witnesses.ask(now=NOW)
    folder = write(tmp_path / "after")
    with pytest.raises(SystemExit) as end:
        main([str(folder), "--witness", witness.key.text])
    assert end.value.code == 0
    assert "the witness witness.example.net saw this checkpoint on 21 September 2026" in capsys.readouterr().out


def test_a_witness_that_knows_another_size_is_asked_again(witness: Witness) -> None:
    witnesses.ask(now=NOW)
    with transaction() as db:
        db.query(witnesses.Cosignature).delete()  # our memory of it is lost
    grow()
    assert witnesses.ask(now=NOW) == 1


def test_a_log_that_was_written_anew_gets_no_signature(witness: Witness) -> None:
    witnesses.ask(now=NOW)
    witness.root = leaf(b"what it saw was another log")
    grow()
    assert witnesses.ask(now=NOW) == 0


def test_a_false_signature_is_not_kept(witness: Witness) -> None:
    witness.lies = True
    assert witnesses.ask(now=NOW) == 0
    witness.lies = False
    grow()
    assert witnesses.ask(now=NOW) == 1


def test_a_witness_that_is_away_stops_nothing(witness: Witness) -> None:
    witness.server_close()
    witness.shutdown()
    settings.use(replace(settings.current(), witnesses=(f"http://127.0.0.1:9 {witness.key.text}",)))
    assert witnesses.ask(now=NOW) == 0
    assert grow()


@pytest.mark.parametrize("text", ["https://w.example", "ftp://w.example {key}", "https://w.example {log}", "{key}"])
def test_a_setting_that_cannot_be_read_is_refused(witness: Witness, text: str) -> None:
    assert witness.log is not None
    told = text.format(key=witness.key.text, log=witness.log.text)
    settings.use(replace(settings.current(), witnesses=(told,)))
    with pytest.raises(witnesses.BadWitness):
        witnesses.configured()
