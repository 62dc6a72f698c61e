"""The keyed hash that stands for a patient wherever consent is kept: no list here names anybody."""

from __future__ import annotations

import hashlib
import hmac


def patient_key(master: bytes, site: str, patient_id: str) -> str:
    """The keyed hash that stands for a patient of a site; `master` is the master key."""
    return hmac.new(master, f"opt-out\0{site}\0{patient_id.strip()}".encode(), hashlib.sha256).hexdigest()
