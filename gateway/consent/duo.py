"""The terms of data use: the vocabulary of policies/duo.toml, and one term as a dataset or a consent carries it.

A term is written `DUO:0000042`, or with what it is said about: `DUO:0000007=MONDO:0007254;MONDO:0008315`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.errors import Invalid, SlidegateError


class BadVocabulary(SlidegateError):
    """policies/duo.toml breaks its own rules; no term can be read until it is mended."""

    code = "bad-vocabulary"


class BadTerm(Invalid):
    """This is no term that a dataset or a consent can carry."""

    code = "bad-term"
    title = "This is not a term of data use"


class Part(StrEnum):
    """What a term does: says which research is allowed, adds a condition, or only groups others."""

    PERMISSION = "permission"
    MODIFIER = "modifier"
    HEADING = "heading"


class Restriction(StrEnum):
    """What a term is said about."""

    NONE = ""
    DISEASE = "disease"
    TOPIC = "topic"
    COLLABORATION = "collaboration"
    LOCATION = "location"
    DATE = "date"
    MONTHS = "months"
    USERS = "users"
    PROJECT = "project"
    INSTITUTE = "institute"


@dataclass(frozen=True, slots=True)
class Definition:
    """One entry of the ontology: its own label, our plain words, and what it is said about."""

    id: str
    shorthand: str
    label: str
    words: str
    part: Part
    restriction: Restriction = Restriction.NONE
    needs: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A term with its values, such as the diseases; both already checked."""

    definition: Definition
    values: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id in the Data Use Ontology."""
        return self.definition.id

    def __str__(self) -> str:
        return f"{self.id}={';'.join(self.values)}" if self.values else self.id


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All terms that are known, by id, with the hash of the text that they were read from."""

    definitions: Mapping[str, Definition]
    regions: Mapping[str, frozenset[str]]
    sha256: str

    @property
    def usable(self) -> tuple[Definition, ...]:
        """The terms that a dataset can carry, permissions first."""
        kept = [each for each in self.definitions.values() if each.part != Part.HEADING]
        return tuple(sorted(kept, key=lambda each: (each.part != Part.PERMISSION, each.id)))

    def term(self, text: str) -> Term:
        """A term from how it is written. Raises BadTerm, which says what is missing."""
        key, _, values = text.partition("=")
        found = self.definitions.get(key.strip())
        if found is None:
            raise BadTerm("This is not a term of the Data Use Ontology that is known here.")
        if found.part == Part.HEADING:
            raise BadTerm(f"{found.id} only groups other terms: choose one of those.")
        apart = ";" if found.restriction in IN_WORDS else "[;,]"
        given = tuple(dict.fromkeys(each for value in re.split(apart, values) if (each := " ".join(value.split()))))
        return Term(found, self._checked(found, given))

    def terms(self, texts: Iterable[str]) -> tuple[Term, ...]:
        """Several terms, each once. Raises BadTerm."""
        found = tuple(self.term(each) for each in texts)
        if len({each.id for each in found}) < len(found):
            raise BadTerm("A term is given twice: write it once, with all its values.")
        return found

    def _checked(self, found: Definition, given: tuple[str, ...]) -> tuple[str, ...]:
        if found.restriction == Restriction.NONE and given:
            raise BadTerm(f"{found.id} is said about nothing: leave the values away.")
        if found.needs and not given:
            raise BadTerm(f"{found.id} needs {NEEDS[found.restriction]}.")
        if found.restriction in (Restriction.DATE, Restriction.MONTHS) and len(given) > 1:
            raise BadTerm(f"{found.id} takes one value only.")
        fits = FITS.get(found.restriction, str)
        if not all(fits(each) and len(each) <= LONGEST for each in given):
            raise BadTerm(f"{found.id} needs {NEEDS[found.restriction]}.")
        return given


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


LONGEST = 200  # characters of one value
IN_WORDS = {Restriction.TOPIC, Restriction.COLLABORATION, Restriction.PROJECT, Restriction.INSTITUTE}  # hold commas
NEEDS = {
    Restriction.DISEASE: "diseases as ids of the Mondo ontology, such as MONDO:0007254",
    Restriction.TOPIC: "the kinds of study in words",
    Restriction.COLLABORATION: "the names of those to work with",
    Restriction.LOCATION: "codes of countries or regions, such as GB or EU",
    Restriction.DATE: "a day, such as 2027-01-31",
    Restriction.MONTHS: "a number of months from 1 to 600",
    Restriction.USERS: "email addresses",
    Restriction.PROJECT: "the titles of projects",
    Restriction.INSTITUTE: "the names of institutions",
}
FITS: Mapping[Restriction, Callable[[str], object]] = {
    Restriction.DISEASE: re.compile(r"MONDO:\d{7}").fullmatch,
    Restriction.LOCATION: re.compile(r"[A-Z]{2}").fullmatch,
    Restriction.DATE: _is_day,
    Restriction.MONTHS: lambda text: re.fullmatch(r"[1-9]\d{0,2}", text) is not None and int(text) <= 600,
    Restriction.USERS: re.compile(r"[^@\s]+@[^@\s]+").fullmatch,
}


def read_vocabulary(policies_dir: Path) -> Vocabulary:
    """The terms of policies/duo.toml as it is now. Raises BadVocabulary."""
    try:
        return parse_vocabulary((policies_dir / "duo.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadVocabulary(f"policies/duo.toml cannot be read: {type(error).__name__}") from None


@lru_cache(maxsize=8)
def parse_vocabulary(source: str) -> Vocabulary:
    """The terms from their text. Raises BadVocabulary with the first fault."""
    try:
        raw = tomllib.loads(source)
        if raw.pop("version", None) != 1 or set(raw) != {"term", "regions"}:
            raise BadVocabulary("policies/duo.toml needs version = 1, terms and regions, and nothing else")
        found = [_definition(each) for each in raw["term"]]
        regions = {code: frozenset(map(str, countries)) for code, countries in raw["regions"].items()}
    except (tomllib.TOMLDecodeError, TypeError, ValueError, AttributeError) as error:
        raise BadVocabulary(f"policies/duo.toml has a fault: {error}") from None
    if len({each.id for each in found}) < len(found):
        raise BadVocabulary("policies/duo.toml has a term twice")
    return Vocabulary({each.id: each for each in found}, regions, sha256(source.encode()).hexdigest())


def _definition(raw: Mapping[str, Any]) -> Definition:
    part, restriction = Part(raw.get("part", "")), Restriction(raw.get("restriction", ""))
    return Definition(**{**raw, "part": part, "restriction": restriction})
