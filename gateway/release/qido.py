"""Searching a manifest (QIDO-RS, PS3.18 10.6): matching, the attributes given, paging. The order never changes."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from werkzeug.datastructures import MultiDict

from gateway.errors import Invalid
from gateway.release import facts
from gateway.release.models import ManifestEntry

MOST = 10_000  # results in one answer
CONTROLS = frozenset(
    (
        "accept",
        "charset",
        "includefield",
        "limit",
        "offset",
        "fuzzymatching",
        "emptyvaluematching",
        "multiplevaluematching",
    )
)
NO_FUZZY = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
NO_EMPTY = "The emptyvaluematching parameter is not supported. An empty value has matched everything."
NO_MULTIPLE = "The multiplevaluematching parameter is not supported. Only lists of UIDs have been matched one by one."
NO_SUCH_FIELD = "Some of the fields to include are not known, or not kept for searches. They have been left out."
NO_SUCH_PARAMETER = "Some of the parameters are not known. They have been ignored."
NOT_SEARCHED = "Some of the attributes to match are not kept for searches. Nothing has matched them."
TOO_MANY = "The number of results exceeded the maximum supported by the server. Additional results can be requested."
DATES = re.compile(r"[0-9]{8}|[0-9]{8}-|-[0-9]{8}|[0-9]{8}-[0-9]{8}")
MODALITIES_IN_STUDY, MODALITY = "00080061", "00080060"
CLASSES_IN_STUDY, SOP_CLASS = "00080062", "00080016"
OF_ANY = {MODALITIES_IN_STUDY: MODALITY, CLASSES_IN_STUDY: SOP_CLASS}  # those of a study's instances
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
NUMBERS = frozenset(("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"))
COUNTED = frozenset(("00080061", "00080062", "00201206", "00201208", "00201209"))  # of a study or series
GIVEN = frozenset(facts.SEARCHED) | COUNTED | {facts.TRANSFER_SYNTAX}
REQUIRED = {  # type R in PS3.18 tables 10.6.3-3 to 10.6.3-5: given without a value where there is none
    "00080020": "DA", "00080030": "TM", "00080050": "SH", "00080060": "CS", "00080090": "PN", "00100010": "PN",
    "00100020": "LO", "00100030": "DA", "00100040": "CS", "00200010": "SH", "00200011": "IS", "00200013": "IS",
}  # fmt: skip
Told = dict[str, Any]


class BadSearch(Invalid):
    """A search that cannot be understood."""

    code = "bad-search"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, which attributes and which part of the results are wanted, and what is not done of it."""

    matches: tuple[tuple[str, str], ...]
    fields: frozenset[str]
    everything: bool
    limit: int
    offset: int
    warnings: tuple[str, ...]

    def only(self, tag: str) -> str:
        """The one UID that an attribute has to have; empty if there is none or a list of them."""
        asked = [value for name, value in self.matches if name == tag]
        return asked[0] if len(asked) == 1 and re.fullmatch(r"[0-9.]{1,64}", asked[0]) else ""

    def texts(self, tags: Collection[str]) -> tuple[str, ...]:
        """What stands in the facts, as JSON, of every instance that fits; of some attributes only.

        Ranges and lists say nothing of the kind. The values are looked at one by one all the same.
        """
        named = [(OF_ANY.get(tag, tag), value) for tag, value in self.matches]
        plain = [(tag, value) for tag, value in named if not re.search(r"[-,\\]", value)]
        asked = [value for tag, value in plain if tag.partition(".")[0] in tags and not NUMBER.fullmatch(value)]
        pieces = {json.dumps(piece)[1:-1] for value in asked for piece in re.split(r"[*?]", value)}
        return tuple(sorted(pieces - {""}))

    def given(self, told: Told, usual: Collection[str], more: Iterable[str]) -> Told:
        """Those of the attributes that a level gives always, and those that it gives if they are asked for."""
        asked = {tag.partition(".")[0] for tag, _ in self.matches} | self.fields
        wanted = (*usual, *(tag for tag in more if self.everything or tag in asked))
        empty = {tag: {"vr": vr} for tag, vr in REQUIRED.items() if tag in usual and tag not in told}
        return {tag: told[tag] for tag in wanted if tag in told} | empty


def parsed(arguments: MultiDict[str, str]) -> Search:
    """A search from a query string; what is not known of it is ignored (PS3.18 8.3). Raises BadSearch."""
    asked = [(_path(key), value) for key, value in arguments.items(multi=True) if key not in CONTROLS]
    matches = [(tag, value) for tag, value in asked if tag]
    for tag, value in matches:
        if value and _vr(tag) == "DA" and not DATES.fullmatch(value):
            raise BadSearch("a date to match is YYYYMMDD, or a range of two with - between them")
    fields = {field for field in ",".join(arguments.getlist("includefield")).split(",") if field}
    known = {tag for field in fields if (tag := _known(field)) in GIVEN}
    limit = _number(arguments, "limit", MOST)
    given = [_known(field) in GIVEN for field in fields - {"all"}]
    warnings = {
        NO_FUZZY: _switched(arguments, "fuzzymatching"),
        NO_EMPTY: _switched(arguments, "emptyvaluematching"),
        NO_MULTIPLE: _switched(arguments, "multiplevaluematching"),
        NO_SUCH_FIELD: not all(given),
        NO_SUCH_PARAMETER: len(matches) < len(asked),
        NOT_SEARCHED: any(value and tag.partition(".")[0] not in GIVEN for tag, value in matches),
    }
    return Search(
        matches=tuple((tag, value) for tag, value in matches if value),
        fields=frozenset(known),
        everything="all" in fields,
        limit=min(limit, MOST),
        offset=_number(arguments, "offset", 0),
        warnings=tuple(text for text, due in warnings.items() if due),
    )


def _number(arguments: MultiDict[str, str], name: str, default: int) -> int:
    text = arguments.get(name, "")
    if text and not re.fullmatch(r"[0-9]{1,10}", text):
        raise BadSearch(f"{name} must be a whole number")
    return int(text) if text else default


def _switched(arguments: MultiDict[str, str], name: str) -> bool:
    text = arguments.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadSearch(f"{name} must be true or false")
    return text == "true"


@lru_cache(maxsize=1024)
def _tag(name: str) -> str:
    """Eight hexadecimal digits for a tag or a keyword; empty for what is neither."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        return name.upper()
    tag = tag_for_keyword(name) if name else None
    return "" if tag is None else f"{tag:08X}"


def _path(name: str) -> str:
    """A tag, or tags with points between them for an attribute in sequences (PS3.18 8.3.4.1); empty if not known."""
    tags = [_tag(part) for part in name.split(".")]
    return ".".join(tags) if all(tags) else ""


def _known(field: str) -> str:
    """The tag of a field to include, of its sequence if it lies in one; empty if it is not known."""
    return "" if field == "all" else _tag(field.partition(".")[0])


def _vr(tag: str) -> str:
    try:
        return dictionary_VR(int(tag, 16))
    except (KeyError, ValueError):  # unknown, or inside a sequence
        return ""


def study_facts(entries: Sequence[ManifestEntry], search: Search) -> Told:
    """One study of the result, from its instances."""
    counted = {
        MODALITIES_IN_STUDY: {"vr": "CS", "Value": _each(entries, MODALITY)},
        CLASSES_IN_STUDY: {"vr": "UI", "Value": _each(entries, SOP_CLASS)},
        "00201206": {"vr": "IS", "Value": [len({entry.series_uid for entry in entries})]},
        "00201208": {"vr": "IS", "Value": [len(entries)]},
    }
    usual = (*facts.STUDY_LEVEL, *(tag for tag in counted if tag != CLASSES_IN_STUDY))
    return search.given({**entries[0].facts, **counted}, usual, (*facts.MORE_OF_STUDY, CLASSES_IN_STUDY))


def _each(entries: Sequence[ManifestEntry], tag: str) -> list[str]:
    return sorted({str(facts.first(entry.facts, tag) or "") for entry in entries} - {""})


def series_facts(entries: Sequence[ManifestEntry], search: Search) -> Told:
    """One series of the result, from its instances."""
    count = {"00201209": {"vr": "IS", "Value": [len(entries)]}}
    usual = (*facts.STUDY_LEVEL, *facts.SERIES_LEVEL, *count)
    return search.given({**entries[0].facts, **count}, usual, (*facts.MORE_OF_STUDY, *facts.MORE_OF_SERIES))


def instance_facts(entries: Sequence[ManifestEntry], search: Search) -> Told:
    """One instance of the result."""
    usual = (*facts.STUDY_LEVEL, *facts.SERIES_LEVEL, *facts.INSTANCE_LEVEL, facts.AVAILABLE_TRANSFER_SYNTAX)
    more = (*facts.MORE_OF_STUDY, *facts.MORE_OF_SERIES, *facts.MORE_OF_INSTANCE)
    given = search.given(entries[0].facts, usual, more)
    if facts.TRANSFER_SYNTAX in search.fields:
        given[facts.TRANSFER_SYNTAX] = given[facts.AVAILABLE_TRANSFER_SYNTAX]
    return given


def results(
    entries: Iterable[ManifestEntry], search: Search, name: Callable[[ManifestEntry], str]
) -> Iterator[list[ManifestEntry]]:
    """The studies, series or instances of which any instance fits; entries come study by study, series by series."""
    for _, group in groupby(entries, name):
        members = list(group)
        if any(_fits_all(entry, search) for entry in members):
            yield members


def _fits_all(entry: ManifestEntry, search: Search) -> bool:
    return all(_fits(entry.facts, tag, value) for tag, value in search.matches)


def _fits(told: Told, path: str, asked: str) -> bool:
    tag, _, below = OF_ANY.get(path, path).partition(".")
    element = told.get(tag)
    if element is None:
        return False
    if below:
        return element["vr"] == "SQ" and any(_fits(item, below, asked) for item in element.get("Value") or ())
    if element["vr"] in NUMBERS and NUMBER.fullmatch(asked):
        return any(float(value) == float(asked) for value in element.get("Value") or () if value is not None)
    values = [_text(value) for value in element.get("Value") or [""]]
    if element["vr"] == "UI":
        return any(value in re.split(r"[,\\]", asked) for value in values)
    if element["vr"] in ("DA", "TM", "DT") and "-" in asked:
        low, _, high = asked.partition("-")
        return any(value and value >= low and (not high or value[: len(high)] <= high) for value in values)
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
