"""Each project's secret, derived from the master key: nothing about it is stored.

HKDF-SHA256 (RFC 5869) with the project's id as info, so that two projects cannot be linked.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.deid.keys import ProjectKeys
from gateway.errors import SlidegateError
from gateway.settings import current

MASTER_BYTES = 32


class BadMasterKey(SlidegateError):
    """The master key cannot be used, so nothing is released."""

    code = "bad-master-key"


def project_keys(project_id: str) -> ProjectKeys:
    """The keys of a project; the same each time for one master key. Raises BadMasterKey."""
    info = b"slidegate project keys 1\0" + project_id.encode()
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=info)
    return ProjectKeys(hkdf.derive(master_key(current().master_key_file)))


def master_key(path: Path) -> bytes:
    """The master key: 32 bytes, kept in hexadecimal. Made, with mode 0600, if there is no such file.

    Raises BadMasterKey for a file that group or others may read, or that holds something else.
    """
    if not path.exists():
        _make(path)
    with path.open("rb") as handle:
        if stat.S_IMODE(os.fstat(handle.fileno()).st_mode) & 0o077:
            raise BadMasterKey("the master key file may be read by others: run chmod 600 on it")
        text = handle.read(4 * MASTER_BYTES)
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != MASTER_BYTES:
        raise BadMasterKey("the master key file must hold 64 hexadecimal digits")
    return key


def _make(path: Path) -> None:
    """Write whole under another name, then link: of two processes at once, both end with one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_hex(MASTER_BYTES).encode() + b"\n")
        os.fsync(handle)
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        os.close(handle)
        fresh.unlink()
