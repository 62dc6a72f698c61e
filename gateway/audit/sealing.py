"""Looks that wait on a disk are sealed: whom somebody asked for, and who asked, lies in no file in clear.

A line is the id of the key, and nonce and AES-256-GCM of the look in base64. The key is a file of its own beside the
master key, made when a gateway starts and never changed: what waits can be opened whatever is rotated meanwhile.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.audit.commands import Look
from gateway.projects.keys_file import KeyEncryptionKey, NoKeyFile, make_key, read_key
from gateway.settings import current
from gateway.trail.record import Actor

DOMAIN = b"slidegate/look/v1"
NONCE_BYTES = 12


class Sealed(ValueError):
    """A line was sealed with another key, or is damaged."""


def present() -> KeyEncryptionKey:
    """The key, made if there is none. Raises BadMasterKey, or OSError where none can be made.

    One that is there needs no room on the disk.
    """
    try:
        return kept()
    except NoKeyFile:
        return make_key(_path())


def kept() -> KeyEncryptionKey:
    """The key that is there. Raises BadMasterKey."""
    return read_key(_path())


def seal(look: Look, key: KeyEncryptionKey) -> bytes:
    """A line for this look, with its newline."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    told = json.dumps(asdict(look) | {"at": look.at.isoformat()}).encode()
    return b"%s %s\n" % (key.id.encode(), b64encode(nonce + AESGCM(key.secret).encrypt(nonce, told, DOMAIN)))


def opened(line: bytes, key: KeyEncryptionKey) -> Look:
    """The look of a line. Raises Sealed."""
    try:
        sealed = b64decode(line.partition(b" ")[2], validate=True)
        told = json.loads(AESGCM(key.secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], DOMAIN))
    except (InvalidTag, ValueError):
        raise Sealed from None
    by, at = Actor(**told["by"]), datetime.fromisoformat(told["at"])
    return Look(told["action"], by, at, told["detail"], told["personal"])


def _path() -> Path:
    return current().master_key_file.with_name("looks.key")
