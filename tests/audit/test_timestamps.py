"""An authority dates checkpoints (RFC 3161); a bundle shows it, offline, and nothing that was bent passes."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway import settings
from gateway.audit import bundle
from gateway.audit.contents import Asked
from gateway.audit.offline.check import check
from gateway.audit.offline.main import main
from gateway.audit.search import EVERYTHING
from gateway.db import reading, transaction
from gateway.trail import der, rfc3161, sequencer, timestamps
from gateway.trail.record import record
from tests.audit.conftest import ADA, NOW
from tests.trail.an_authority import OPENSSL, Authority, an_authority, certificate

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl on this machine: apt-get install openssl")


@pytest.fixture
def authority(data_dir: Path) -> Iterator[Authority]:
    with an_authority(data_dir / "tsa") as found:
        settings.use(replace(settings.current(), timestamp_authority=found.url))
        yield found


def grow() -> str:
    """More events, signed; gives the note."""
    for _ in range(3):
        with transaction() as db:
            record(db, action="frames.sent", actor=ADA, now=NOW, project="p1")
    sequencer.sequence(now=NOW)
    with reading() as db:
        newest = sequencer.newest(db)
        assert newest is not None
        return newest.note


def write(folder: Path) -> Path:
    with reading() as db:
        bundle.write(db, folder, Asked(EVERYTHING, (), True, NOW))
    return folder


def token_of(note: str) -> bytes:
    with reading() as db:
        return timestamps.of(db, [int(note.splitlines()[1])])[int(note.splitlines()[1])]


def digest(note: str) -> bytes:
    return hashlib.sha256(note.encode()).digest()


def test_one_checkpoint_an_hour_is_dated(authority: Authority) -> None:
    assert not timestamps.ask(now=NOW)  # nothing to date
    grow()
    assert timestamps.ask(now=NOW)
    grow()
    assert not timestamps.ask(now=NOW + timedelta(minutes=59))
    assert timestamps.ask(now=NOW + timedelta(minutes=60))
    assert not timestamps.ask(now=NOW + timedelta(hours=9))  # the same checkpoint needs no second date
    assert authority.tries == 2


def test_a_bundle_says_when_its_events_were_there(
    authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grow()
    timestamps.ask(now=NOW)
    for _ in range(3):
        grow()
    path = write(tmp_path / "bundle")
    with pytest.raises(SystemExit) as ended:
        main([str(path), "--tsa", str(authority.folder / "root.pem")])
    told = capsys.readouterr().out
    assert ended.value.code == 0, told
    assert f"events were there on {datetime.now(UTC):%-d %B %Y}" in told
    assert "so signed CN=Clock" in told
    assert any("--tsa" in each for each in check(path).not_proved)  # nothing is believed without a root


@pytest.mark.parametrize("options", [{"curve": True}, {"digest": "sha512"}, {"named": "sha1"}, {"named": "sha512"}])
def test_authorities_sign_in_many_ways(tmp_path: Path, options: dict[str, object]) -> None:
    with an_authority(tmp_path / "tsa", **options) as found:
        token = rfc3161.token_of(found.answer(rfc3161.request(digest("x"), 7)), digest("x"), 7)
        stamp = rfc3161.stamped(token, digest("x"), [found.root])
    assert abs(datetime.now(UTC) - stamp.at) < timedelta(hours=1)


def test_openssl_says_the_same(authority: Authority, tmp_path: Path) -> None:
    note = grow()
    timestamps.ask(now=NOW)
    (tmp_path / "note").write_text(note, "utf-8")
    (tmp_path / "token").write_bytes(token_of(note))
    root = str(authority.folder / "root.pem")
    asked = ["ts", "-verify", "-token_in", "-in", "token", "-data", "note", "-CAfile", root]
    said = subprocess.run([str(OPENSSL), *asked], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "Verification: OK" in said.stdout + said.stderr


def test_no_changed_byte_of_a_token_passes(authority: Authority) -> None:
    note = grow()
    timestamps.ask(now=NOW)
    token = token_of(note)
    said = rfc3161.stamped(token, digest(note), [authority.root])
    passed = []
    for at in range(len(token)):
        bent = bytearray(token)
        bent[at] ^= 0x55
        try:
            if rfc3161.stamped(bytes(bent), digest(note), [authority.root]) != said:
                passed.append(at)
        except rfc3161.BadTimestamp:
            continue
    assert not passed  # what nobody signed, such as a version number, may change, but then it says the same


def test_a_token_of_another_note_is_refused(authority: Authority, tmp_path: Path) -> None:
    first = grow()
    timestamps.ask(now=NOW)
    second = grow()
    with pytest.raises(rfc3161.BadTimestamp, match="something else"):
        rfc3161.stamped(token_of(first), digest(second), [authority.root])
    path = write(tmp_path / "bundle")
    line = {"checkpoint": second, "token": base64.b64encode(token_of(first)).decode()}
    (path / "timestamps.ndjson").write_text(json.dumps(line) + "\n", "utf-8")
    assert [each.kind for each in check(path, authorities=[authority.root]).faults] == ["timestamp"]


def test_a_date_of_another_log_is_refused(authority: Authority, tmp_path: Path) -> None:
    grow()
    timestamps.ask(now=NOW)
    path = write(tmp_path / "bundle")
    told = json.loads((path / "timestamps.ndjson").read_text("utf-8"))
    origin, size, rest = str(told["checkpoint"]).split("\n", 2)
    note = f"{origin}\n{int(size) - 1}\n{rest}"
    answer = authority.answer(rfc3161.request(digest(note), 7))
    token = base64.b64encode(rfc3161.token_of(answer, digest(note), 7)).decode()
    (path / "timestamps.ndjson").write_text(json.dumps({"checkpoint": note, "token": token}) + "\n", "utf-8")
    (fault,) = check(path, authorities=[authority.root]).faults
    assert "a checkpoint that is not here" in fault.text


@pytest.mark.parametrize("token", ["\u00e9", "?", "\ud800", None, [1], base64.b64encode(b"\x30\x80").decode()])
def test_a_row_that_holds_no_token_is_told_of(authority: Authority, tmp_path: Path, token: object) -> None:
    note = grow()
    path = write(tmp_path / "bundle")
    (path / "timestamps.ndjson").write_text(json.dumps({"checkpoint": note, "token": token}) + "\n", "utf-8")
    assert [each.kind for each in check(path, authorities=[authority.root]).faults] == ["timestamp"]


def test_many_small_values_are_read_one_after_another() -> None:
    crowded = der.part(der.made(der.SEQUENCE, der.made(der.NULL) * 300_000))  # for ever, if each copied all the rest
    assert len(crowded.parts()) == 300_000


@pytest.mark.parametrize("url", ["https://a:b", "http://example.org"])
def test_an_address_that_is_none_is_said_to_be_so(authority: Authority, url: str) -> None:
    grow()
    settings.use(replace(settings.current(), timestamp_authority=url))
    with pytest.raises(timestamps.BadAuthority):
        timestamps.ask(now=NOW)


def test_another_authority_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    grow()
    timestamps.ask(now=NOW)
    path = write(tmp_path / "bundle")
    with an_authority(tmp_path / "other") as other:
        assert [each.kind for each in check(path, authorities=[other.root]).faults] == ["timestamp"]
    (path / "timestamps.ndjson").unlink()
    assert [each.kind for each in check(path, authorities=[authority.root]).faults] == ["undated"]


@pytest.mark.parametrize(
    ("use", "days", "refused"),
    [
        (ExtendedKeyUsageOID.TIME_STAMPING, 0, ""),
        (ExtendedKeyUsageOID.TIME_STAMPING, 3, "not in force"),
        (ExtendedKeyUsageOID.SERVER_AUTH, 0, "not for timestamps"),
        (None, 0, "not for timestamps"),
    ],
)
def test_a_certificate_dates_only_what_it_is_for(use: x509.ObjectIdentifier | None, days: int, refused: str) -> None:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = certificate("Root", root_key, None, root_key, use=None)
    signer = certificate("Clock", key, root, root_key, use=use)
    at = datetime.now(UTC) + timedelta(days=days)
    with pytest.raises(rfc3161.BadTimestamp, match=refused) if refused else nullcontext():
        rfc3161._check_chain(signer, [], [root], at)


def test_who_may_issue_nothing_vouches_for_nobody() -> None:
    root_key, middle_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root = certificate("Root", root_key, None, root_key, use=None)
    use = ExtendedKeyUsageOID.TIME_STAMPING
    for below, refused in ((None, False), (ExtendedKeyUsageOID.SERVER_AUTH, True)):
        middle = certificate("Middle", middle_key, root, root_key, use=below)
        signer = certificate("Clock", key, middle, middle_key, use=use)
        with pytest.raises(rfc3161.BadTimestamp, match="root that you trust") if refused else nullcontext():
            rfc3161._check_chain(signer, [middle], [root], datetime.now(UTC))


@pytest.mark.parametrize(
    ("below", "refused"), [(ExtendedKeyUsageOID.TIME_STAMPING, False), (ExtendedKeyUsageOID.SERVER_AUTH, True)]
)
def test_who_may_issue_for_something_else_alone_vouches_for_no_date(
    below: x509.ObjectIdentifier, refused: bool
) -> None:
    root_key, middle_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root = certificate("Root", root_key, None, root_key, use=None)
    middle = certificate("Middle", middle_key, root, root_key, use=below, issues=True)
    signer = certificate("Clock", key, middle, middle_key, use=ExtendedKeyUsageOID.TIME_STAMPING)
    with pytest.raises(rfc3161.BadTimestamp, match="root that you trust") if refused else nullcontext():
        rfc3161._check_chain(signer, [middle], [root], datetime.now(UTC))


@pytest.mark.parametrize("said", [b"\x30\x05\x30\x03\x02\x01\x02", b"\x30\x80", b"\x00", b"<html>busy</html>"])
def test_an_answer_that_is_none_is_not_kept(authority: Authority, said: bytes) -> None:
    note = grow()
    authority.says = said
    assert not timestamps.ask(now=NOW)
    with reading() as db:
        assert not timestamps.of(db, [int(note.splitlines()[1])])
    authority.says = b""
    assert timestamps.ask(now=NOW)  # asked again


def test_an_answer_to_another_request_is_refused(tmp_path: Path) -> None:
    with an_authority(tmp_path / "tsa") as found:
        answer = found.answer(rfc3161.request(digest("x"), 7))
    with pytest.raises(rfc3161.BadTimestamp, match="another request"):
        rfc3161.token_of(answer, digest("x"), 8)


def test_an_authority_that_is_away_stops_nothing(authority: Authority) -> None:
    grow()
    authority.shutdown()
    authority.server_close()
    assert not timestamps.ask(now=NOW)
    shutil.rmtree(authority.folder)
