"""What to look for in the log."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from gateway.trail.canonical import Json


@dataclass(frozen=True, slots=True)
class Search:
    """All conditions must hold; an empty one is none.

    `person` is an account id, or part of a name or email address; `project` an id, or part of a title; `action` a
    name or its first part ("release.read"); `instance` any part of a released UID; `until` is not included.
    """

    person: str = ""
    project: str = ""
    release: str = ""
    action: str = ""
    instance: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def told(self) -> dict[str, Json]:
        """The conditions as the log and an export's header tell them; the person is personal, and left out."""
        return {
            each.name: value.isoformat() if isinstance(value, datetime) else value
            for each in fields(self)
            if each.name != "person" and (value := getattr(self, each.name))
        } | ({"person": "given"} if self.person else {})


EVERYTHING = Search()
