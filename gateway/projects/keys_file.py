"""The key-encryption key on disk: 32 bytes in hexadecimal, mode 0600, in a file that only we can read.

It opens the data master, which the database keeps wrapped; neither says anything without the other.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from gateway.durable import sync_folder
from gateway.errors import SlidegateError

KEY_BYTES = 32


class BadMasterKey(SlidegateError):
    """The master key cannot be used, so nothing is released."""

    code = "bad-master-key"
    title = "The master key cannot be used, so nothing is released"


class NoKeyFile(BadMasterKey):
    """There is no key file."""

    code = "no-master-key"
    title = "There is no master key file: put it back from its backup"


@dataclass(frozen=True, slots=True)
class KeyEncryptionKey:
    """The key that wraps the data master. `id` names it and tells nothing of it."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """16 hexadecimal digits, the same for one key; safe to show and to record."""
        return sha256(b"slidegate key-encryption key\0" + self.secret).hexdigest()[:16]


def read_key(path: Path) -> KeyEncryptionKey:
    """The key of this file. Raises NoKeyFile, or BadMasterKey for one that others may read or that holds no key."""
    try:
        handle = path.open("rb")
    except FileNotFoundError:
        raise NoKeyFile from None
    except OSError as error:
        raise BadMasterKey(f"the master key file cannot be opened: {type(error).__name__}") from None
    with handle:
        if stat.S_IMODE(os.fstat(handle.fileno()).st_mode) & 0o077:
            raise BadMasterKey("the master key file may be read by others: run chmod 600 on it")
        text = handle.read(4 * KEY_BYTES)
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadMasterKey(
            "the master key file is damaged: it must hold 64 hexadecimal digits; put it back from its backup"
        )
    return KeyEncryptionKey(key)


def make_key(path: Path) -> KeyEncryptionKey:
    """The key of this file; a new one if there is no file. Of two processes at once, both get one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    write_key(fresh)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    sync_folder(path.parent)
    return read_key(path)


def write_key(path: Path) -> KeyEncryptionKey:
    """A new key in a new file, on the disk when this returns. What stood there is lost."""
    path.unlink(missing_ok=True)
    key = KeyEncryptionKey(secrets.token_bytes(KEY_BYTES))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(key.secret.hex().encode("ascii") + b"\n")
        handle.flush()
        os.fsync(handle.fileno())
    sync_folder(path.parent)
    return key


def replace_key(path: Path, by: Path) -> None:
    """Put the key of `by` in the place of `path`: at each moment one of both is there whole."""
    by.replace(path)
    sync_folder(path.parent)


@contextmanager
def rotating_alone(path: Path) -> Iterator[None]:
    """Hold off a second rotation of this key file. Raises BadMasterKey if one is under way."""
    with open(os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadMasterKey("the master key is being rotated by somebody else now") from None
        yield
