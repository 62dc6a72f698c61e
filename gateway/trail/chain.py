"""The hash chain and the commitments: pure functions, also used by whoever checks an export offline.

    leaf(n)    = SHA-256( 0x00  body(n), canonical JSON in UTF-8 )                        RFC 6962 2.1
    hash(n)    = SHA-256( "slidegate/event/v1" NUL  hash(n-1), 32 bytes  leaf(n), 32 bytes )
    hash(0)    = 32 zero bytes
    commitment = SHA-256( "slidegate/commitment/v1" NUL  field NUL  salt, 32 bytes  value in UTF-8 )

The chain needs an event's leaf only, so an export can hide a body and still be checked whole; and the same
leaves can stand in a Merkle tree.
"""

from __future__ import annotations

import hashlib

EVENT_DOMAIN = b"slidegate/event/v1\0"
COMMITMENT_DOMAIN = b"slidegate/commitment/v1\0"
GENESIS = "0" * 64
SALT_BYTES = 32


def leaf_hash(body: str) -> str:
    """What stands for a body in the chain, 64 hex digits."""
    return hashlib.sha256(b"\0" + body.encode()).hexdigest()


def event_hash(prev: str, leaf: str) -> str:
    """Hash of an event from the hash before it and its leaf, all 64 hex digits; ValueError if one is not."""
    before, of_body = bytes.fromhex(prev), bytes.fromhex(leaf)
    if (len(before), len(of_body)) != (32, 32):
        raise ValueError("a hash has 64 hex digits")
    return hashlib.sha256(EVENT_DOMAIN + before + of_body).hexdigest()


def commitment(field: str, salt: bytes, value: str) -> str:
    """What stands in a body for a personal value: it says nothing of the value without the salt."""
    return hashlib.sha256(COMMITMENT_DOMAIN + field.encode() + b"\0" + salt + value.encode()).hexdigest()
