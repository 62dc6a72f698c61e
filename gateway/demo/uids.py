"""UIDs of the demo: the same for the same name, and planted, because a source's UIDs identify."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from pydicom.uid import UID

from gateway.demo.patients import Patient


@dataclass(frozen=True, slots=True)
class Uids:
    """Makes the UIDs of one study."""

    root: str
    patient: Patient

    def new(self, name: str) -> UID:
        """The UID of that name in this study."""
        number = uuid5(NAMESPACE_OID, f"slidegate demo {self.root} {name}").int
        return UID(self.patient.plant(f"2.25.{number}"))
