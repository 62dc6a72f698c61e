"""Passwords: Argon2id (RFC 9106), and a check that takes as long for a stranger as for an account."""

from __future__ import annotations

from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors import Invalid

SHORTEST, LONGEST = 12, 256
_hasher = PasswordHasher()
_turns = BoundedSemaphore(2)  # a check takes 64 MiB: a crowd at the door must not fill the memory of a worker


class WeakPassword(Invalid):
    """The password does not meet the rules."""

    code = "weak-password"
    title = f"A password has {SHORTEST} to {LONGEST} characters"


def hash_password(password: str) -> str:
    """The Argon2id hash to keep. Raises WeakPassword."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword
    if len(set(password)) < 5:
        raise WeakPassword("A password needs at least five different characters")
    return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password. An empty hash (nobody, or no password) takes as long, and is False."""
    known = bool(password_hash)
    against = password_hash if known else _nobody()
    try:
        with _turns:
            _hasher.verify(against, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return known


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash("the password of nobody at all")
