"""The data master, and what is derived from it: each project's secret.

The database keeps the data master wrapped (AES-KW, RFC 3394) under the key of the key file, so that a stolen
database or a stolen key file alone opens nothing, and a new key file changes no pseudonym. From the data master
each project's secret follows by HKDF-SHA256 (RFC 5869) with the project's id as info, so that two projects
cannot be linked. What belongs to one patient needs that patient's own key too: see `keys_patient`.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db import reading
from gateway.projects.keys_file import BadMasterKey, KeyEncryptionKey, NoKeyFile, make_key, read_key
from gateway.projects.models import DataKey, PatientKey
from gateway.settings import current
from gateway.trail import fitness

MASTER_BYTES = 32


class NoDataKey(BadMasterKey):
    """Nothing has been released from this database yet, so it has no data key."""

    code = "no-data-key"
    title = "This database has no data key: restore the database from its backup"


class WrongKeyFile(BadMasterKey):
    """The key file is another database's, or older than the last rotation."""

    code = "wrong-master-key"
    title = "The master key file does not open this database"


def data_master(db: Session) -> bytes:
    """The data master of this database; the same before and after a rotation.

    Raises NoKeyFile, NoDataKey, WrongKeyFile or BadMasterKey, each saying what to do. Index: pk_data_key.
    """
    path = current().master_key_file
    kek = read_key(path)
    try:
        return opened_by(db, kek)
    except WrongKeyFile:
        again = read_key(path)  # a rotation may have ended between the look at the file and that at the database
        if again.id == kek.id:
            raise
        return opened_by(db, again)


@fitness.condition
def master_key_fault() -> str:
    """What is wrong with the master key, in plain words; empty where nothing is, or nothing was released yet."""
    try:
        with reading() as db:
            if db.scalar(select(DataKey.kek_id).limit(1)) is not None:
                data_master(db)
    except BadMasterKey as error:
        return error.message
    return ""


def first_data_master(db: Session, *, now: datetime) -> bytes:
    """As `data_master`; for a database from which nothing was derived yet, makes key file and data master.

    Never makes a key where one was before: a missing or wrong key file is refused as `data_master` does.
    """
    if db.scalar(select(DataKey.kek_id).limit(1)) is not None:
        return data_master(db)
    if db.scalar(select(PatientKey.patient).limit(1)) is not None:
        raise NoDataKey
    master = secrets.token_bytes(MASTER_BYTES)
    add_data_key(db, make_key(current().master_key_file), master, now=now)
    return master


def opened_by(db: Session, kek: KeyEncryptionKey) -> bytes:
    """The data master as this key-encryption key unwraps it. Raises NoDataKey, WrongKeyFile or BadMasterKey."""
    wrapped = db.scalar(select(DataKey.wrapped).where(DataKey.kek_id == kek.id))
    if wrapped is None:
        wanted = list(db.scalars(select(DataKey.kek_id).order_by(DataKey.made_at)))
        if not wanted:
            raise NoDataKey
        raise WrongKeyFile(
            f"the master key file holds key {kek.id}, and this database needs {' or '.join(wanted)}: "
            "put the file that belongs to it back from its backup"
        )
    return unwrapped(kek.secret, wrapped)


def add_data_key(db: Session, kek: KeyEncryptionKey, master: bytes, *, now: datetime) -> None:
    """Let this key-encryption key open the data master too."""
    db.add(DataKey(kek_id=kek.id, wrapped=aes_key_wrap(kek.secret, master), made_at=now))
    db.flush()


def unwrapped(kek: bytes, wrapped: bytes) -> bytes:
    """A wrapped key (RFC 3394). Raises BadMasterKey if the key or what it wraps was changed."""
    try:
        return aes_key_unwrap(kek, wrapped)
    except (InvalidUnwrap, ValueError):
        raise BadMasterKey("a wrapped key in the database is damaged: restore the database from its backup") from None


def project_secret(master: bytes, project_id: str) -> bytes:
    """32 bytes for one project, from which nothing can be told of another's."""
    return derived(master, b"slidegate project keys 1\0" + project_id.encode())


def derived(secret: bytes, info: bytes) -> bytes:
    """32 bytes by HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


__all__ = [
    "BadMasterKey", "NoDataKey", "NoKeyFile", "WrongKeyFile", "data_master", "derived", "first_data_master",
    "master_key_fault", "opened_by", "project_secret", "unwrapped",
]  # fmt: skip
