"""The hash chain and the commitments: pure functions, also used by whoever checks an export offline.

    hash(n)    = SHA-256( "slidegate/event/v1" NUL  hash(n-1), 32 bytes   body(n), canonical JSON in UTF-8 )
    hash(0)    = 32 zero bytes
    commitment = SHA-256( "slidegate/commitment/v1" NUL  field NUL  salt, 32 bytes   value in UTF-8 )

A body does not hold the hash before it, so the same bodies can be the leaves of an RFC 6962 tree.
"""

from __future__ import annotations

import hashlib

EVENT_DOMAIN = b"slidegate/event/v1\0"
COMMITMENT_DOMAIN = b"slidegate/commitment/v1\0"
GENESIS = "0" * 64
SALT_BYTES = 32


def event_hash(prev: str, body: str) -> str:
    """Hash of an event, 64 hex digits, from the hash before it and its body. ValueError if prev is not one."""
    before = bytes.fromhex(prev)
    if len(before) != 32:
        raise ValueError("a hash has 64 hex digits")
    return hashlib.sha256(EVENT_DOMAIN + before + body.encode()).hexdigest()


def commitment(field: str, salt: bytes, value: str) -> str:
    """What stands in a body for a personal value: it says nothing of the value without the salt."""
    return hashlib.sha256(COMMITMENT_DOMAIN + field.encode() + b"\0" + salt + value.encode()).hexdigest()
