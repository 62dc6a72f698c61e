"""Which disease is a kind of which: policies/mondo.toml, or Mondo's own release policies/mondo.obo beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gateway.errors import SlidegateError


class BadHierarchy(SlidegateError):
    """The file of diseases breaks its own rules; no disease is matched until it is mended."""

    code = "bad-diseases"


@dataclass(frozen=True, slots=True)
class Disease:
    """One disease: its id in Mondo, its name, and what it is a kind of."""

    id: str
    name: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Diseases by id."""

    diseases: Mapping[str, Disease]

    def knows(self, disease: str) -> bool:
        """Whether this id is in the file."""
        return disease in self.diseases

    def name(self, disease: str) -> str:
        """The disease in words; its id if it is not known."""
        found = self.diseases.get(disease)
        return found.name if found else disease

    def above(self, disease: str) -> frozenset[str]:
        """The disease itself and all that it is a kind of."""
        seen: set[str] = set()
        left = [disease]
        while left:
            here = left.pop()
            if here not in seen:
                seen.add(here)
                left += self.diseases[here].parents if here in self.diseases else ()
        return frozenset(seen)

    def is_a(self, disease: str, kind: str) -> bool:
        """Whether a disease is the kind, or some kind of it."""
        return kind in self.above(disease)


def read_hierarchy(policies_dir: Path) -> Hierarchy:
    """The diseases that ship, or all of Mondo if its release lies beside them. Raises BadHierarchy."""
    whole, small = policies_dir / "mondo.obo", policies_dir / "mondo.toml"
    chosen = whole if whole.is_file() else small
    try:
        return _read(chosen, chosen.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError) as error:
        raise BadHierarchy(f"policies/{chosen.name} cannot be read: {type(error).__name__}") from None


@lru_cache(maxsize=2)
def _read(path: Path, _version: int) -> Hierarchy:
    if path.suffix == ".obo":
        with path.open(encoding="utf-8") as lines:
            return parse_obo(lines)
    return parse_toml(path.read_text("utf-8"))


def parse_toml(source: str) -> Hierarchy:
    """Diseases from the text of mondo.toml. Raises BadHierarchy."""
    try:
        raw = tomllib.loads(source)
        found = [Disease(each["id"], each["name"], tuple(each["parents"])) for each in raw["disease"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadHierarchy(f"policies/mondo.toml has a fault: {error}") from None
    return _joined(found)


def parse_obo(lines: Iterable[str]) -> Hierarchy:
    """Diseases from Mondo's release in the OBO 1.4 flat file format; obsolete ones are left out."""
    return _joined(_terms(lines))


def _terms(lines: Iterable[str]) -> Iterator[Disease]:
    told: dict[str, list[str]] = {}
    stanza = ""
    for line in (*lines, "[End]"):
        text = line.rstrip("\n")
        if text.startswith("["):
            if stanza == "[Term]" and told.get("id", [""])[0].startswith("MONDO:") and "is_obsolete" not in told:
                parents = tuple(each.split()[0] for each in told.get("is_a", []) if each.startswith("MONDO:"))
                yield Disease(told["id"][0], told.get("name", told["id"])[0], parents)
            stanza, told = text.strip(), {}
        elif ": " in text:
            key, _, value = text.partition(": ")
            told.setdefault(key, []).append(value.strip())


def _joined(found: Iterable[Disease]) -> Hierarchy:
    diseases: dict[str, Disease] = {}
    for each in found:
        if each.id in diseases:
            raise BadHierarchy(f"{each.id} is there twice")
        diseases[each.id] = each
    lost = next((parent for each in diseases.values() for parent in each.parents if parent not in diseases), None)
    if lost is not None or not diseases:
        raise BadHierarchy(f"the file of diseases lacks {lost or 'any disease'}")
    return Hierarchy(diseases)
