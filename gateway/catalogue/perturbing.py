"""Counts that may be shown for any choice of patients, however many overlapping choices somebody asks for.

Each patient has a secret number; those of a group, added up, choose what is added to its count: the same group always
gets the same, and a group that differs by one patient gets something independent, so that subtracting two counts gives
noise. Below FEWEST nothing is told, and what is told is rounded. This is the cell-key method (Fraser and Wooton
2005; used by the Australian Bureau of Statistics' TableBuilder).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

from gateway.settings import current
from gateway.web.secret import web_secret

FEWEST = 10
ROUNDED_TO = 5
SPREAD = 4  # what is added lies between -SPREAD and SPREAD
SPAN = 2 * SPREAD + 1
BITS = 2**64


def secret() -> bytes:
    """That of this gateway, the same for every page that counts: so that a group has one count everywhere."""
    return hmac.digest(web_secret(current().data_dir).encode(), b"cohort counts", "sha256")


def told(patients: Collection[str], secret: bytes) -> int | None:
    """The count of these different patients as it may be shown; None: fewer than FEWEST, or perhaps none."""
    key = sum(int.from_bytes(hmac.digest(secret, each.encode(), "sha256")[:8]) for each in patients) % BITS
    drawn = int.from_bytes(hmac.digest(secret, b"cell" + key.to_bytes(8), hashlib.sha256)[:8])
    shown = len(patients) + drawn % SPAN - SPREAD
    rounded = (shown + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO
    return rounded if len(patients) >= FEWEST and rounded >= FEWEST else None


def in_words(count: int | None) -> str:
    """A count of `told` as people read it."""
    return f"fewer than {FEWEST}" if count is None else f"about {count:,}"
