"""Where to go after signing in: a page of this gateway, never another site."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_next(wanted: str) -> str:
    """The wanted path if it is one of ours, else the start page. Browsers read a backslash as a slash."""
    parts = urlsplit(wanted)
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    if not plain or parts.scheme or parts.netloc or not wanted.isprintable():
        return "/"
    return wanted if parts.path != "/sign-in" else "/"
