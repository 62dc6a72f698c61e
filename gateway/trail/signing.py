"""The Ed25519 key that signs checkpoints: a file of mode 0600 beside the master key; its public half in the database.

A key that is not the one of the newest row signs nothing: a lost or exchanged file is never replaced silently.
"""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.durable import sync_folder
from gateway.errors import SlidegateError
from gateway.settings import current
from gateway.trail.models import SigningKey
from gateway.trail.notes import VerifierKey
from gateway.trail.record import SYSTEM, Actor, record


class NoSigningKey(SlidegateError):
    """The key that signs checkpoints is missing, open to others, damaged, or not the one that signed last."""

    code = "no-audit-signing-key"
    status = 503
    title = "The key that signs the audit log cannot be used: put it back from its backup"


def key_file() -> Path:
    """Where the signing key lies."""
    return current().master_key_file.with_name("audit-signing.key")


def origin() -> str:
    """The name that a log made here is given for good."""
    return f"{urlsplit(current().base_url).netloc or 'slidegate'}/audit"


def verifiers(db: Session) -> list[SigningKey]:
    """All keys that ever signed, oldest first."""
    return list(db.scalars(select(SigningKey).order_by(SigningKey.made_at, SigningKey.key_id)))


def present(db: Session, *, now: datetime) -> tuple[str, Ed25519PrivateKey]:
    """The name and the key that sign now; made, and put on the record, for a log that has none yet."""
    rows = [row for row in verifiers(db) if row.retired_at is None]
    if not rows:
        if not key_file().exists():
            _write(key_file(), Ed25519PrivateKey.generate())
        private = _read(key_file())
        _announce(db, VerifierKey(origin(), private.public_key().public_bytes_raw()), by=SYSTEM, former="", now=now)
        return origin(), private
    private = _read(key_file())
    name = VerifierKey.read(rows[-1].verifier).name
    if VerifierKey(name, private.public_key().public_bytes_raw()).id != rows[-1].key_id:
        waiting = key_file().with_name(f"{key_file().name}.next")
        if not waiting.exists():
            raise NoSigningKey("the key file is not the key that signed the audit log last")
        private = _read(waiting)  # a rotation was cut off between the commit and the change of the file
        if VerifierKey(name, private.public_key().public_bytes_raw()).id != rows[-1].key_id:
            raise NoSigningKey
        waiting.replace(key_file())
    return name, private


def fault(db: Session, now: datetime) -> str:
    """What is wrong with the key of a log that was signed before, in plain words; empty where nothing is."""
    try:
        if any(row.retired_at is None for row in verifiers(db)):
            present(db, now=now)
    except NoSigningKey as error:
        return error.message
    return ""


def begin_rotation(db: Session, *, by: Actor, now: datetime) -> str:
    """A new key in a waiting file, known to the database; gives its id. Call `end_rotation` after the commit."""
    name, former = present(db, now=now)
    private = Ed25519PrivateKey.generate()
    _write(key_file().with_name(f"{key_file().name}.next"), private)
    former_id = VerifierKey(name, former.public_key().public_bytes_raw()).id
    coming = VerifierKey(name, private.public_key().public_bytes_raw())
    db.get_one(SigningKey, former_id).retired_at = now
    _announce(db, coming, by=by, former=former_id, now=now)
    return coming.id


def end_rotation() -> None:
    """Put the waiting key in the place of the former one."""
    key_file().with_name(f"{key_file().name}.next").replace(key_file())


def _announce(db: Session, key: VerifierKey, *, by: Actor, former: str, now: datetime) -> None:
    db.add(SigningKey(key_id=key.id, verifier=key.text, made_at=now, retired_at=None))
    told = {"key": key.text, "former": former}
    record(db, action="audit.key.announced", actor=by, now=now, subject=key.id, detail=told)


def _write(path: Path, key: Ed25519PrivateKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unready = path.with_name(f".{path.name}.{os.getpid()}")
    unready.unlink(missing_ok=True)
    with open(os.open(unready, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        handle.flush()
        os.fsync(handle.fileno())
    unready.replace(path)
    sync_folder(path.parent)


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        with path.open("rb") as handle:
            if stat.S_IMODE(os.fstat(handle.fileno()).st_mode) & 0o077:
                raise NoSigningKey("the audit signing key may be read by others: run chmod 600 on it")
            key = load_pem_private_key(handle.read(4096), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise NoSigningKey from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NoSigningKey
    return key
