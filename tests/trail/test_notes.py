"""A note says who signed what; whatever was changed in it is found out."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.trail.notes import BadNote, Checkpoint, VerifierKey, opened, sign

# the example of the specification's reference implementation (golang.org/x/mod/sumdb/note)
PETER = VerifierKey.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("example.org/audit", PRIVATE.public_key().public_bytes_raw())
STATED = Checkpoint("example.org/audit", 12, bytes(32))


def test_a_known_key_has_its_known_id_and_checks_its_known_signature() -> None:
    assert PETER.id == "c74f20a3"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    import base64

    raw = base64.b64decode(signature)
    assert raw[:4].hex() == PETER.id
    assert PETER.signed(text, raw[4:])
    assert not PETER.signed(text + " ", raw[4:])


def test_a_checkpoint_opens_to_what_was_signed() -> None:
    note = sign(STATED, (KEY.name, PRIVATE))
    assert opened(note, [PETER, KEY]) == (STATED, [KEY])
    assert opened(note, [PETER]) == (STATED, [])
    assert VerifierKey.read(KEY.text) == KEY


@pytest.mark.parametrize(
    ("old", "new"), [("12", "13"), ("example.org/audit\n12", "evil.org/audit\n12"), ("AAAA", "AAAB")]
)
def test_a_changed_note_is_refused(old: str, new: str) -> None:
    note = sign(STATED, (KEY.name, PRIVATE))
    with pytest.raises(BadNote, match="false"):
        opened(note.replace(old, new, 1), [KEY])


@pytest.mark.parametrize(
    "note", ["", "a\n1\n", "a\nx\nAA==\n\n— a AAAA\n", "a\n01\n\n", "a\n1\nAA==\n\n— a AAAAAAAA\n", "a\n1\n!\n\n"]
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        opened(note, [KEY])


@pytest.mark.parametrize("line", ["", "a", "a+b", "a+00000000+AAAA", KEY.text.replace(KEY.id, "00000000")])
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.read(line)
