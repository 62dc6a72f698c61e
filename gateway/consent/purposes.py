"""What somebody wants the data for, as facts that terms of data use can be held against. None: not told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Research(StrEnum):
    """What kind of work it is; a project may be of several kinds."""

    HEALTH = "health"
    METHODS = "methods"
    GENETICS = "genetics"
    ANCESTRY = "ancestry"
    CARE = "care"
    OTHER = "other"


class Ethics(StrEnum):
    """Where the project stands with its own ethics committee."""

    DOCUMENTED = "documented"
    SAID = "said"
    WAITING = "waiting"
    NOT_NEEDED = "not-needed"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Purpose:
    """The facts of one application. Diseases are ids of Mondo, places codes of countries or regions."""

    research: frozenset[Research] = frozenset()
    diseases: frozenset[str] | None = None
    places: frozenset[str] = frozenset()
    for_profit: bool | None = None
    commercial: bool | None = None
    publishes: bool | None = None
    publishes_on: date | None = None
    gives_back: bool | None = None
    collaborates: bool | None = None
    ethics: Ethics = Ethics.UNKNOWN
    months: int | None = None
    organisation: str = ""
    title: str = ""
    people: frozenset[str] | None = None
