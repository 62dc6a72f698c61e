"""What comes of holding a term against a purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.consent.diseases import Hierarchy
from gateway.consent.duo import Term


class Verdict(StrEnum):
    """What a term says to a purpose; ask: a person has to find out."""

    YES = "yes"
    ASK = "ask"
    NO = "no"


WORST_FIRST = (Verdict.NO, Verdict.ASK, Verdict.YES)


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict with its explanation. `term` is None where the sentence is about what no term says."""

    term: Term | None
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known beside the terms and the purpose: diseases, regions, and the day on which it is asked."""

    hierarchy: Hierarchy
    regions: Mapping[str, frozenset[str]]
    today: date


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that counts; ask if there is none."""
    given = set(verdicts)
    return next((each for each in WORST_FIRST if each in given), Verdict.ASK)
