"""What identifies one patient: names, numbers and dates from all headers of a study, found in any spelling of them.

    Identifiers.of(header, another).spans("Breast, O Brien, 14.3.26")  ->  where in the text they stand

PS3.15 E.3.5 asks that a description kept is free of them; E.3.4 the same of structured content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from gateway.deid.charsets import ASCII, codecs_of, decoded
from gateway.deid.folding import LOOKALIKES, Squeezed, spellings, squeezed, stands_alone, word_set
from gateway.dicom.elements import elements, items
from gateway.dicom.encoding import IMPLICIT_LE, Encoding
from gateway.dicom.errors import DicomError
from gateway.dicom.header import Header

NUMBERED = frozenset(
    (
        0x00080050,  # AccessionNumber
        0x00100020,  # PatientID
        0x00101000,  # OtherPatientIDs
        0x00101090,  # MedicalRecordLocator
        0x00102154,  # PatientTelephoneNumbers
        0x00181000,  # DeviceSerialNumber
        0x00200010,  # StudyID
        0x00380010,  # AdmissionID
        0x00400009,  # ScheduledProcedureStepID
        0x00400512,  # ContainerIdentifier
        0x00400551,  # SpecimenIdentifier
        0x00401001,  # RequestedProcedureID
        0x00402016,  # PlacerOrderNumberImagingServiceRequest
        0x00402017,  # FillerOrderNumberImagingServiceRequest
        0x22000005,  # BarcodeValue
    )
)
PLACES = frozenset(
    (
        0x00080080,  # InstitutionName
        0x00080081,  # InstitutionAddress
        0x00081010,  # StationName
        0x00081040,  # InstitutionalDepartmentName
        0x00100021,  # IssuerOfPatientID
    )
)
ADDRESS, CHARSET = 0x00101040, 0x00080005
_PERSONAL, _OF_A_KIND = frozenset((b"PN", b"DA", b"DT")), NUMBERED | PLACES | {ADDRESS}
LONG = 5  # letters; what is longer is looked for within words as well
SHORTEST_NUMBER = 3
_TITLES = word_set("dr mr mrs ms miss sir prof md phd msc bsc jr sr ii iii iv frcpath mbbs")
_PARTICLES = word_set("van der den de del della di da dos la le von zu al el bin ibn ap ab ferch mac mc st y")
_STREETS = word_set("road street lane avenue close drive house flat city town county")
_RUN = re.compile(r"\d+(?:[\W_]+\d+)*")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
_WORD = re.compile(r"[^\W_]+")
_EDGES = re.compile(r"[^\W\d_]+|\d+")
_PAIR = re.compile(  # what has a unit is a measure
    r"(?<!\d)(\d{1,4})[\s.,/_–-]{1,3}(\d{1,4})(?!\d)(?!\s*(?:[cmnuµμ]?m|m?g|kg|ml|x|%|hpf|deg|kv)(?![a-z]))",
    re.IGNORECASE,
)
NOBODY_KNOWN = word_set("none unknown anonymous anon patient removed withheld test other")


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Squeezed names, numbers with lookalikes made digits, and days. Empty ones find nothing."""

    names: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    dates: frozenset[date] = frozenset()

    @classmethod
    def of(cls, *headers: Header) -> Identifiers:
        """All that the headers hold, at any depth. What makes no sense is passed over: it does not leave either."""
        found = cls()
        for header in headers:
            gathered = Gathered()
            gathered.level(header.dataset, header.encoding, ASCII)
            found = found.merge(gathered.identifiers())
        return found

    def merge(self, other: Identifiers) -> Identifiers:
        """Those of both."""
        return Identifiers(self.names | other.names, self.numbers | other.numbers, self.dates | other.dates)

    def __bool__(self) -> bool:
        return bool(self.names or self.numbers or self.dates)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in the text one of them stands, in whatever spelling; they may overlap."""
        if not self:
            return []
        whole = Squeezed.of(text)
        if not whole.letters:
            return []
        edges = _edges(text, whole)
        found = [span for name in self.names for span in _found(name, whole.letters, whole, edges)]
        digits = whole.digits
        found += [span for number in self.numbers for span in _found(number, digits, whole, edges)]
        return found + self._days(text)

    def longer(self) -> Identifiers:
        """Those that do not turn up by chance in a text that nobody has cleaned: no short ones, no parts of days."""
        names = frozenset(name for name in self.names if len(name) >= LONG or not name.isascii())
        return Identifiers(names, frozenset(number for number in self.numbers if len(number) >= LONG))

    def forbids(self, words: Iterable[str]) -> frozenset[str]:
        """Those of the words that are one of them, or hold one."""
        return frozenset(word for word in words if self.spans(word))

    def _days(self, text: str) -> list[tuple[int, int]]:
        if not self.dates:
            return []
        short = {pair for day in self.dates for pair in _pairs(day)}
        return [m.span() for m in _PAIR.finditer(text) if (int(m[1]), int(m[2])) in short]


NOBODY = Identifiers()


def _pairs(day: date) -> Iterator[tuple[int, int]]:
    """Two numbers that say most of a day."""
    d, m, y = day.day, day.month, day.year
    yield from ((d, m), (m, d), (m, y), (m, y % 100), (y, m), (y % 100, m))


def _edges(text: str, whole: Squeezed) -> frozenset[int]:
    """The places in the squeezed letters where a word or number begins or ends."""
    index = {place: at for at, place in reversed(tuple(enumerate(whole.origin)))}
    starts = [index[m.start()] for m in _EDGES.finditer(text) if m.start() in index]
    return frozenset((*starts, len(whole.letters)))


def _found(value: str, letters: str, whole: Squeezed, edges: frozenset[int]) -> Iterator[tuple[int, int]]:
    at = letters.find(value)
    while at >= 0:
        end = at + len(value)
        if len(value) >= LONG or (at in edges and end in edges):
            yield whole.span(at, end)
        at = letters.find(value, at + 1)


class Gathered:
    """Identifiers while they are being collected from encoded values."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._numbers: set[str] = set()
        self._dates: set[date] = set()

    def identifiers(self) -> Identifiers:
        """What has been collected so far."""
        return Identifiers(frozenset(self._names), frozenset(self._numbers), frozenset(self._dates))

    def level(self, data: bytes, encoding: Encoding, codecs: tuple[str, ...]) -> None:
        """All elements of a dataset, and those in its sequences."""
        try:
            for element in elements(data, encoding):
                value = data[element.value_start : element.end]
                if element.tag == CHARSET:
                    codecs = codecs_of(value)
                elif element.vr == b"SQ" or (element.vr == b"UN" and value[:4] == b"\xfe\xff\x00\xe0"):
                    inside = IMPLICIT_LE if element.vr == b"UN" else encoding
                    for start, stop in items(data, element, encoding):
                        self.level(data[start:stop], inside, codecs)
                elif element.vr in _PERSONAL or element.tag in _OF_A_KIND:
                    self._take(identifiers_in_value(element.tag, element.vr, value, codecs))
        except DicomError:
            return

    def _take(self, found: Identifiers) -> None:
        self._names |= found.names
        self._numbers |= found.numbers
        self._dates |= found.dates

    def value(self, tag: int, vr: bytes, value: bytes, codecs: tuple[str, ...]) -> None:
        """One value, if it is of a kind that identifies."""
        if vr == b"PN":
            self.person(decoded(value, codecs))
        elif vr in (b"DA", b"DT"):
            self.day(decoded(value, ASCII))
        elif tag in NUMBERED:
            for part in decoded(value, codecs).split("\\"):
                self.number(part)
        elif tag in PLACES or tag == ADDRESS:
            self.place(decoded(value, codecs), words=tag == ADDRESS)

    def person(self, text: str) -> None:
        """A PN value, all its groups (PS3.5 6.2.1): each name, and names together in both orders."""
        for group in re.split(r"[\\=]", text):
            parts = [part for part in group.split("^") if part.strip()]
            for part in parts:
                self._name(part)
                for word in _WORD.findall(part.replace("'", "").replace("’", "")):
                    if word.lower() not in _PARTICLES:
                        self._name(word)
            for one, other in pairwise(parts):
                self._name(one + other)
                self._name(other + one)

    def _name(self, name: str) -> None:
        for each in spellings(name):
            if stands_alone(each) and each not in _TITLES and each not in NOBODY_KNOWN:
                self._names.add(each)

    def number(self, text: str) -> None:
        """An identifier: whole, and the runs of digits in it. One without digits is a name."""
        whole = squeezed(text)
        if not any(c.isdigit() for c in whole):
            self._name(text)
            return
        runs = [squeezed(run) for run in _RUN.findall(text)]
        runs += [run for run in re.findall(r"\d+", text) if len(run) > SHORTEST_NUMBER]
        for each in (whole, *(run for run in runs if len(run) > SHORTEST_NUMBER)):
            if len(each) >= SHORTEST_NUMBER and each.strip("0"):
                self._numbers.add(each.translate(LOOKALIKES))

    def place(self, text: str, *, words: bool = False) -> None:
        """The name of a place as a whole; of an address each word as well."""
        for line in re.split(r"[\\\r\n]", text):
            if len(squeezed(line)) >= LONG:
                self._name(line)
            if any(c.isdigit() for c in line) and not words:
                self.number(line)
        for word in _WORD.findall(text) if words else ():
            if len(word) > SHORTEST_NUMBER and squeezed(word) not in _STREETS:
                self.number(word)

    def day(self, text: str) -> None:
        """A DA or DT value; its usual spellings without separators are numbers."""
        for part in text.split("\\"):
            match = _DAY.match(part)
            try:
                day = date(*map(int, match.groups())) if match else None
            except ValueError:
                day = None
            if day is not None:
                self._dates.add(day)
                self._numbers |= {day.strftime(form).translate(LOOKALIKES) for form in ("%Y%m%d", "%d%m%Y", "%m%d%Y")}
                self._numbers |= {day.strftime(form) for form in ("%d%m%y", "%y%m%d", "%m%d%y")}


@lru_cache(maxsize=4096)
def identifiers_in_value(tag: int, vr: bytes, value: bytes, codecs: tuple[str, ...]) -> Identifiers:
    """What one encoded value holds; the headers of a study say most of it again and again."""
    gathered = Gathered()
    gathered.value(tag, vr, value, codecs)
    return gathered.identifiers()
