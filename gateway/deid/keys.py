"""A project's secret, and all that is derived from it: release UIDs, pseudonyms, date shifts.

HMAC-SHA256 under one key for each project: the same input gives the same output everywhere in the project,
and outputs of two projects cannot be linked without both keys.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.dicom.uids import ClearUid, ReleaseUid

STANDARD_ROOT = "1.2.840.10008."  # UIDs that DICOM itself defines: SOP classes, transfer syntaxes, ...
_UID = re.compile(r"[0-9.]{1,64}")
LONGEST_SHIFT = 365 * 2  # days; dates only move back, so that none lies in the future


@dataclass(frozen=True, slots=True)
class ProjectKeys:
    """Derives what a project sees. `domain` keeps apart patients of sites that number them alike."""

    secret: bytes = field(repr=False)
    domain: str = ""

    def _digest(self, purpose: str, value: str) -> bytes:
        return hmac.digest(self.secret, f"{purpose}\0{value}".encode(), hashlib.sha256)

    def uid(self, uid: ClearUid) -> ReleaseUid:
        """`2.25.` and a 128-bit number (PS3.5 B.2); the standard's own UIDs stay as they are."""
        if uid.startswith(STANDARD_ROOT) and _UID.fullmatch(uid):
            return ReleaseUid(uid)
        return ReleaseUid(f"2.25.{int.from_bytes(self._digest('uid', uid)[:16], 'big')}")

    def pseudonym(self, kind: str, value: str) -> str:
        """12 characters, 60 bits, such as `K3F9A2M7QXWT`; fits every text VR."""
        digest = self._digest(f"pseudonym {kind} {self.domain}", value)
        return b32encode(digest[:10]).decode("ascii")[:12]

    def shift(self, patient_id: str) -> timedelta:
        """Whole days, 1 to 730, that every date of this patient moves back by."""
        number = int.from_bytes(self._digest(f"shift {self.domain}", patient_id)[:8], "big")
        return timedelta(days=-(1 + number % LONGEST_SHIFT))
