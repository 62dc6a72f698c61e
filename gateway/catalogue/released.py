"""Under which names images went out: rooms above say how to find out, for those who search the record.

Releases and the audit stand on one floor and know nothing of each other; here they meet, as health checks do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import Select


@dataclass(frozen=True, slots=True)
class Clear:
    """A patient's number or a study's UID as an archive has them, of one site (its code) or any. Never to be logged."""

    patient: str = field(default="", repr=False)
    study: str = field(default="", repr=False)
    site: str = ""


Finder: TypeAlias = Callable[[Clear], Select[str]]
FINDERS: dict[str, Finder] = {}  # each selects the UIDs under which the images were released
