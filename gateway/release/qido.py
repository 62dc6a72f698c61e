"""Searching a manifest (QIDO-RS, PS3.18 10.6): matching, the attributes given, paging. The order never changes."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydicom.datadict import tag_for_keyword
from werkzeug.datastructures import MultiDict

from gateway.errors import Invalid
from gateway.release import facts
from gateway.release.models import ManifestEntry

MOST = 10_000  # results in one answer
CONTROLS = frozenset(("includefield", "limit", "offset", "fuzzymatching", "emptyvaluematching"))
Told = dict[str, Any]


class BadSearch(Invalid):
    """A search that cannot be understood."""

    code = "bad-search"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and which part of the results is wanted."""

    matches: tuple[tuple[str, str], ...]
    limit: int
    offset: int


def parsed(arguments: MultiDict[str, str]) -> Search:
    """A search from a query string. Raises BadSearch naming the parameter."""
    matches = [(_tag(key), value) for key, value in arguments.items(multi=True) if key not in CONTROLS]
    for field in ",".join(arguments.getlist("includefield")).split(","):
        if field not in ("", "all"):
            _tag(field)  # all that is kept is given; a field that is not known is refused
    return Search(
        matches=tuple((tag, value) for tag, value in matches if value),
        limit=min(_number(arguments, "limit", MOST), MOST),
        offset=_number(arguments, "offset", 0),
    )


def _number(arguments: MultiDict[str, str], name: str, default: int) -> int:
    text = arguments.get(name, "")
    if text and not re.fullmatch(r"[0-9]{1,10}", text):
        raise BadSearch(f"{name} must be a whole number")
    return int(text) if text else default


@lru_cache(maxsize=1024)
def _tag(name: str) -> str:
    """Eight hexadecimal digits for a tag or a keyword."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        return name.upper()
    tag = tag_for_keyword(name)
    if tag is None:
        raise BadSearch("a search parameter is neither a DICOM keyword nor a tag")
    return f"{tag:08X}"


def study_facts(entries: Sequence[ManifestEntry]) -> Told:
    """One study of the result, from its instances."""
    told = entries[0].facts
    series = {entry.series_uid for entry in entries}
    modalities = sorted({str(facts.first(entry.facts, "00080060") or "") for entry in entries} - {""})
    return {
        **_of(told, facts.STUDY_LEVEL),
        "00080061": {"vr": "CS", "Value": modalities},
        "00201206": {"vr": "IS", "Value": [len(series)]},
        "00201208": {"vr": "IS", "Value": [len(entries)]},
    }


def series_facts(entries: Sequence[ManifestEntry]) -> Told:
    """One series of the result, from its instances."""
    told = entries[0].facts
    count = {"00201209": {"vr": "IS", "Value": [len(entries)]}}
    return {**_of(told, (*facts.STUDY_LEVEL, *facts.SERIES_LEVEL)), **count}


def instance_facts(entries: Sequence[ManifestEntry]) -> Told:
    """One instance of the result."""
    return dict(entries[0].facts)


def _of(told: Told, tags: Iterable[str]) -> Told:
    return {tag: told[tag] for tag in tags if tag in told}


def grouped(entries: Sequence[ManifestEntry], name: Callable[[ManifestEntry], str]) -> list[list[ManifestEntry]]:
    """Entries by study, series or instance, in the order of the manifest."""
    groups: dict[str, list[ManifestEntry]] = {}
    for entry in entries:
        groups.setdefault(name(entry), []).append(entry)
    return list(groups.values())


def matching(entries: Sequence[ManifestEntry], search: Search) -> list[ManifestEntry]:
    """The entries that fit all that is asked."""
    return [entry for entry in entries if all(_fits(entry.facts, tag, value) for tag, value in search.matches)]


def _fits(told: Told, tag: str, asked: str) -> bool:
    if tag == "00080061":  # ModalitiesInStudy: the modality of any of its series
        tag = "00080060"
    element = told.get(tag)
    if element is None:
        return False
    values = [_text(value) for value in element.get("Value") or [""]]
    if element["vr"] == "UI":
        return any(value in re.split(r"[,\\]", asked) for value in values)
    if element["vr"] in ("DA", "TM", "DT") and "-" in asked:
        low, _, high = asked.partition("-")
        return any(value and (not low or value >= low) and (not high or value <= high) for value in values)
    if "*" in asked or "?" in asked:
        pattern = _wildcard(asked)
        return any(pattern.fullmatch(value) for value in values)
    return asked in values or asked == "\\".join(values)


@lru_cache(maxsize=64)
def _wildcard(asked: str) -> re.Pattern[str]:
    """`*` and `?` (PS3.4 C.2.2.2.4). fnmatch writes a pattern that never backtracks over an earlier `*`."""
    return re.compile(fnmatch.translate(asked.replace("[", "[[]")))


def _text(value: Any) -> str:
    return str(value.get("Alphabetic", "")) if isinstance(value, dict) else str(value)


def told(found: Told, url: str) -> Told:
    """One result as it is sent, with the address to retrieve it from."""
    result = {
        **found,
        facts.INSTANCE_AVAILABILITY: {"vr": "CS", "Value": ["ONLINE"]},
        "00081190": {"vr": "UR", "Value": [url]},
    }
    return dict(sorted(result.items()))
