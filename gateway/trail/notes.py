"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature), with Ed25519;
also used offline.

    example.org/audit            the origin: which log
    12                           how many events it holds
    <root, base64>               RFC 6962 hash over them
                                 (an empty line)
    — example.org/audit <base64 of the key's 4 byte id and the signature over the lines above>
    — witness.example.net <base64 of its id, the time in seconds, and its signature over both>

Needs nothing but `cryptography`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = b"\1", b"\4"  # kinds of signature
TIME_BYTES = 8
ID_BYTES = 4


class BadNote(ValueError):
    """A note, checkpoint or key cannot be read; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key by which notes are checked: `name+id+key` in text (C2SP signed-note); a log's, or a witness's."""

    name: str
    public: bytes
    kind: bytes = ED25519

    @property
    def id(self) -> str:
        """8 hexadecimal digits, by which a note says who signed."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:ID_BYTES].hex()

    @property
    def text(self) -> str:
        """The key on one line."""
        return f"{self.name}+{self.id}+{base64.b64encode(self.kind + self.public).decode()}"

    @classmethod
    def read(cls, text: str) -> VerifierKey:
        """The key of such a line. Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        raw = _bytes(encoded)
        if not name or len(raw) != 33 or raw[:1] not in (ED25519, COSIGNATURE):
            raise BadNote("a line does not hold an Ed25519 key")
        key = cls(name, raw[1:], raw[:1])
        if key.id != stated:
            raise BadNote("the id of a key is not that of the key")
        return key

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether the signature over this text is this key's."""
        if self.kind == COSIGNATURE:
            text, signature = cosigned(text, seen_at(signature)), signature[TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def seen_at(signature: bytes) -> int:
    """When a witness gave its cosignature, in seconds since 1970."""
    return int.from_bytes(signature[:TIME_BYTES], "big")


def cosigned(text: str, time: int) -> str:
    """What a witness signs: the lines of the checkpoint, and when it saw them (C2SP tlog-cosignature)."""
    return f"cosignature/v1\ntime {time}\n{text}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: this log had so many events, and this is their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign(checkpoint: Checkpoint, *signers: tuple[str, Ed25519PrivateKey]) -> str:
    """A checkpoint as a note, signed by each of the named keys."""
    text = checkpoint.text
    lines = [
        f"— {name} {base64.b64encode(bytes.fromhex(_key_of(name, key).id) + key.sign(text.encode())).decode()}\n"
        for name, key in signers
    ]
    return text + "\n" + "".join(lines)


def _key_of(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    return VerifierKey(name, private.public_key().public_bytes_raw())


def opened(note: str, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, list[VerifierKey]]:
    """What a note says, and which of the keys signed it. Raises BadNote for one that is none, or signed falsely."""
    checkpoint, signed_by = signatures(note, keys)
    return checkpoint, list(signed_by)


def signatures(note: str, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, dict[VerifierKey, bytes]]:
    """The same, with the signature of each key. Raises BadNote."""
    text, separator, rest = note.partition("\n\n")
    if not separator:
        raise BadNote("a checkpoint has no signature")
    checkpoint = _checkpoint(text + "\n")
    found: dict[VerifierKey, bytes] = {}
    by_name = {(key.name, key.id): key for key in keys}
    for line in rest.splitlines():
        dash, _, signer = line.partition(" ")
        name, _, encoded = signer.partition(" ")
        raw = _bytes(encoded)
        if dash != "—" or len(raw) <= ID_BYTES:
            raise BadNote("a line of signature cannot be read")
        key = by_name.get((name, raw[:ID_BYTES].hex()))
        if key is None:
            continue
        if not key.signed(text + "\n", raw[ID_BYTES:]):
            raise BadNote("the signature of a checkpoint is false")
        found[key] = raw[ID_BYTES:]
    return checkpoint, found


def _checkpoint(text: str) -> Checkpoint:
    lines = text.splitlines()
    if (
        len(lines) < 3
        or not lines[0]
        or not (lines[1].isascii() and lines[1].isdigit())
        or lines[1] != str(int(lines[1]))
    ):
        raise BadNote("a checkpoint cannot be read")
    root = _bytes(lines[2])
    if len(root) != 32:
        raise BadNote("the root of a checkpoint is not 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("a line is not base64") from None
