"""Device rules in the deid library's %filter language: which images of which devices have text where.

    %filter graylist
    LABEL GE dose report
      contains Modality CT
      + contains Manufacturer GE
      ctpcoordinates 0,0,512,110

Read strictly: what deid would pass over is refused here. Of a graylist the coordinates are taken out before anyone
looks, `keepcoordinates` are left; what a blacklist names is withheld; a whitelist changes nothing, as nothing is
believed to be clean unseen. Coordinates are left,top,right,bottom (ctp: left,top,width,height), `all`, or
`from:SequenceOfUltrasoundRegions` (PS3.3 C.8.5.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import repeater_has_keyword, tag_for_keyword
from pydicom.dataset import Dataset

from gateway.errors import Invalid
from gateway.pixels.boxes import Box, without

LISTS = _GRAYLIST, BLACKLIST, WHITELIST = ("graylist", "blacklist", "whitelist")
CRITERIA = {"contains": True, "notcontains": True, "equals": True, "notequals": True, "missing": False,
            "empty": False, "present": False}  # name -> whether it has a value  # fmt: skip
MARKS = ("coordinates", "ctpcoordinates", "keepcoordinates", "ctpkeepcoordinates")
_JOINED = re.compile(r"\s(\|\||\+|&&)\s")
_FOUR = re.compile(r"(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6})")
REGIONS = "from:SequenceOfUltrasoundRegions"
Told = tuple[str, str, str]  # criterion, keyword, value


class BadDeviceRules(Invalid):
    """The device rules cannot be understood, so nothing is released."""

    code = "bad-device-rules"


@dataclass(frozen=True, slots=True)
class Line:
    """Criteria of one line with what joins each to the one before, and what joins the line: `or`, else `and`."""

    criteria: tuple[tuple[bool, Told], ...]
    either: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """Boxes to take out, or (`keep`) to leave: four numbers, all of the picture, or the image's own regions."""

    keep: bool
    where: Box | str


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """One LABEL. Without criteria it fits every image."""

    name: str
    list: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]

    def fits(self, dataset: Dataset) -> bool:
        """Whether the image is one of those; read from left to right, as deid does."""
        held = True
        for place, line in enumerate(self.lines):
            fits = False
            for number, (either, told) in enumerate(line.criteria):
                one = _holds(dataset, *told)
                fits = one if not number else (fits or one) if either else (fits and one)
            held = fits if not place else (held or fits) if line.either else (held and fits)
        return held


@dataclass(frozen=True, slots=True)
class DeviceVerdict:
    """What the rules say of an image: the one that withholds it, and what is taken out of it."""

    withheld_by: str = ""
    boxes: tuple[Box, ...] = ()


def verdict(rules: Sequence[DeviceRule], dataset: Dataset, width: int, height: int) -> DeviceVerdict:
    """All rules in their order: later marks add to, or take from, what earlier ones marked."""
    marked: list[Box] = []
    for rule in rules:
        if rule.list == WHITELIST or not rule.fits(dataset):
            continue
        if rule.list == BLACKLIST:
            return DeviceVerdict(rule.name)
        for mark in rule.marks:
            boxes = [part for each in _boxes(mark, dataset, width, height) if (part := each.within(width, height))]
            marked = [part for each in marked for part in without(each, boxes)] if mark.keep else [*marked, *boxes]
    return DeviceVerdict("", tuple(sorted(set(marked))))


def _boxes(mark: Mark, dataset: Dataset, width: int, height: int) -> Iterator[Box]:
    if isinstance(mark.where, Box):
        yield mark.where
    elif mark.where == "all":
        yield Box(0, 0, width, height)
    else:
        for region in dataset.get("SequenceOfUltrasoundRegions") or ():
            corners = [region.get(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
            if all(isinstance(each, int) for each in corners):
                left, top, right, bottom = corners
                yield Box(left, top, right + 1, bottom + 1)  # its last pixel is inside


def _holds(dataset: Dataset, criterion: str, keyword: str, value: str) -> bool:
    there = keyword in dataset
    if criterion in ("missing", "present"):
        return there is (criterion == "present")
    found = _texts(dataset.get(keyword)) if there else []
    if criterion == "empty":
        return there and not any(found)
    if criterion in ("equals", "notequals"):
        return (value.lower() in found) is (criterion == "equals")
    return any(re.search(value.lower(), each) for each in found) is (criterion == "contains")


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
    return [str(each).lower().strip() for each in values if each is not None]


def parse_devices(text: str) -> tuple[DeviceRule, ...]:
    """The rules of one file. Raises BadDeviceRules, naming the line."""
    rules: list[DeviceRule] = []
    chosen, name, lines, marks = "", "", list[Line](), list[Mark]()

    def close() -> None:
        if name:
            if not lines and not marks:
                raise BadDeviceRules(f"device rule {name!r} says nothing")
            rules.append(DeviceRule(name, chosen, tuple(lines), tuple(marks)))

    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        word, _, rest = line.partition(" ")
        try:
            if not line or line == "FORMAT dicom":
                continue
            if word == "%filter" and rest.strip() in LISTS:
                close()
                chosen, name, lines, marks = rest.strip(), "", [], []
            elif word == "LABEL" and chosen and rest.strip():
                close()
                name, lines, marks = rest.strip(), [], []
            elif name and word in MARKS:
                marks.append(_mark(word, rest))
            elif name:
                lines.append(_line(line))
            else:
                raise BadDeviceRules("only %filter graylist, blacklist or whitelist with LABELs can stand here")
        except BadDeviceRules as refusal:
            raise BadDeviceRules(f"line {number} of the device rules: {refusal.message}") from None
    close()
    return tuple(rules)


def _line(text: str) -> Line:
    either = text.startswith("||")
    body = text.lstrip("|+& ")
    parts = _JOINED.split(f" {body} ")
    criteria = [(place > 0 and parts[place - 1] == "||", _criterion(parts[place])) for place in range(0, len(parts), 2)]
    return Line(tuple(criteria), either)


def _criterion(text: str) -> Told:
    name, _, rest = text.strip().partition(" ")
    keyword, _, value = rest.strip().partition(" ")
    criterion, value = name.lower(), value.strip()
    if criterion not in CRITERIA:
        raise BadDeviceRules(f"{name!r} is no criterion")
    if tag_for_keyword(keyword) is None and not repeater_has_keyword(keyword):
        raise BadDeviceRules(f"{keyword!r} is no attribute of the standard")
    if bool(value) is not CRITERIA[criterion]:
        raise BadDeviceRules(f"{criterion} takes {'a' if CRITERIA[criterion] else 'no'} value")
    try:
        re.compile(value)
    except re.error:
        raise BadDeviceRules(f"{value!r} is no regular expression") from None
    return criterion, keyword, value


def _mark(word: str, rest: str) -> Mark:
    where, keep = re.sub(r"\s", "", rest), "keep" in word
    if where in ("all", REGIONS):
        return Mark(keep, where)
    match = _FOUR.fullmatch(where)
    if match is None:
        raise BadDeviceRules("coordinates are four whole numbers, all, or " + REGIONS)
    left, top, right, bottom = map(int, match.groups())
    if word.startswith("ctp"):
        right, bottom = left + right, top + bottom
    if right <= left or bottom <= top:
        raise BadDeviceRules("coordinates have a width and a height")
    return Mark(keep, Box(left, top, right, bottom))
