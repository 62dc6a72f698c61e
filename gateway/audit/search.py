"""What to look for in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from gateway.trail.canonical import Json

PERSONAL = ("person", "patient", "study")  # what is only committed to: a study's own UID leads to its patient
UNKNOWN = "unknown"
STAYS_HERE = ("personal.searched_patient", "personal.searched_study")  # openings that no file takes away


@dataclass(frozen=True, slots=True)
class Search:
    """All conditions must hold; an empty one is none.

    `person` is an account id, or part of a name or email address; `project` an id, or part of a title; `action` a
    name or its first part ("release.read"); `instance` a released UID; `site` a site's code, or part of its name;
    `patient` a patient's number, and `study` the UID of a study, as an archive has it or as it was released;
    `extent` is "unknown" for reads that never told their end; `until` is not included.
    """

    person: str = ""
    project: str = ""
    release: str = ""
    action: str = ""
    instance: str = ""
    site: str = ""
    patient: str = field(default="", repr=False)
    study: str = field(default="", repr=False)
    extent: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def told(self) -> dict[str, Json]:
        """The conditions as the log and an export's header tell them; of what is personal only that it was given."""
        return {
            each.name: value.isoformat() if isinstance(value, datetime) else value
            for each in fields(self)
            if each.name not in PERSONAL and (value := getattr(self, each.name))
        } | dict.fromkeys(self.personal, "given")

    @property
    def personal(self) -> Mapping[str, str]:
        """The conditions that name somebody."""
        return {name: value for name in PERSONAL if (value := getattr(self, name))}


EVERYTHING = Search()
