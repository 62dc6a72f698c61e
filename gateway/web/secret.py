"""The secret that signs form tokens and flash messages: a file in the data folder, mode 0600, made at need."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from gateway.errors import SlidegateError

NAME = "web.key"


class BadWebKey(SlidegateError):
    """The file cannot be trusted, so no page is served."""

    code = "bad-web-key"


def web_secret(data_dir: Path) -> str:
    """64 hexadecimal digits; all workers that share the data folder get the same. Raises BadWebKey."""
    path = data_dir / NAME
    if not path.exists():
        _make(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadWebKey(f"{NAME} in the data folder may be read by others: run chmod 600 on it")
    text = path.read_text("ascii").strip()
    if len(text) != 64:
        raise BadWebKey(f"{NAME} in the data folder is damaged: remove it, and it is made anew")
    return text


def _make(path: Path) -> None:
    """Write whole under another name, then link: of two workers at once, both end with one secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_hex(32).encode() + b"\n")
        os.fsync(handle)
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        os.close(handle)
        fresh.unlink()
