"""The key that signs visas: ECDSA on P-256, a file of mode 0600 beside the master key, made at need."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.errors import SlidegateError
from gateway.settings import current

NAME = "visa-signing.key"
CURVE = "P-256"


class BadVisaKey(SlidegateError):
    """The file cannot be trusted, so no visa is signed."""

    code = "bad-visa-key"
    status = 503
    title = "The key that signs visas cannot be used: put it back from its backup, or remove it to have a new one"


def signing_key() -> ECKey:
    """The key that signs now; its `kid` is its thumbprint (RFC 7638). Raises BadVisaKey."""
    path = current().master_key_file.with_name(NAME)
    if not path.exists():
        _make(path)
    try:
        with path.open("rb") as handle:
            if stat.S_IMODE(os.fstat(handle.fileno()).st_mode) & 0o077:
                raise BadVisaKey(f"{NAME} may be read by others: run chmod 600 on it")
            key = ECKey.import_key(handle.read(4096))
    except (OSError, ValueError, JoseError):
        raise BadVisaKey from None
    if not key.is_private or key.curve_name != CURVE:
        raise BadVisaKey
    key.ensure_kid()
    return key


def _make(path: Path) -> None:
    """Write whole under another name, then link: of two workers at once, both end with one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(ECKey.generate_key(CURVE).as_pem(private=True))
            handle.flush()
            os.fsync(handle.fileno())
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
