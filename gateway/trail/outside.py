"""Asking others who vouch for the log, witnesses and timestamp authorities: they may not answer, or never end."""

from __future__ import annotations

from time import monotonic

PATIENCE = 10.0  # seconds without a byte, and for the whole answer
SAFE = ("https://", "http://127.0.0.1:")


class NoAnswer(Exception):
    """None came, or one that is too long or too slow; says which."""


class BadAddress(Exception):
    """This cannot be asked."""


def posted(url: str, content: bytes, *, longest: int, media_type: str = "") -> tuple[int, str, bytes]:
    """Status, media type and body of the answer, which has at most so many bytes. Raises NoAnswer, BadAddress."""
    import httpx  # the data plane's workers do without it

    headers = {"Accept-Encoding": "identity", **({"Content-Type": media_type} if media_type else {})}
    began, body = monotonic(), b""
    try:
        with httpx.stream("POST", url, content=content, headers=headers, timeout=PATIENCE) as answer:
            for piece in answer.iter_raw():  # as they come, however few
                body += piece
                if len(body) > longest or monotonic() - began > PATIENCE:
                    raise NoAnswer("too long")
            return answer.status_code, answer.headers.get("Content-Type", ""), body
    except httpx.InvalidURL:
        raise BadAddress from None
    except httpx.HTTPError:
        raise NoAnswer("no answer") from None
