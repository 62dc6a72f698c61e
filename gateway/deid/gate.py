"""The last gate: what was removed must not stand anywhere else in what is about to leave.

A name in a free-text code meaning, a number in a specimen description: no recipe foresees them all, so the new
header is searched for this instance's own names, numbers and UIDs: as they were, in UTF-8 and UTF-16, and
without regard to case, marks on letters, and what stands between letters. A hit is then looked at element by
element (standing.py): a word of the standard's own, such as the meaning of a code, is none of the patient's.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.deid.charsets import ASCII, codecs_of, decoded, encodings, is_plain
from gateway.deid.errors import StillThere, TooMuchRemoved
from gateway.deid.folding import squeezed
from gateway.deid.identifiers import ADDRESS, NOBODY, NUMBERED, PLACES, Identifiers, identifiers_in_value
from gateway.deid.standing import Suspect, stands
from gateway.dicom.elements import Element, elements, items
from gateway.dicom.encoding import Encoding
from gateway.dicom.errors import DicomError

IDENTIFYING = NUMBERED | PLACES | {ADDRESS, 0x00100030}  # PatientBirthDate
SHORTEST = 4  # bytes; shorter names and numbers turn up by chance
SQUEEZED_NAME, SQUEEZED_NUMBER = 5, 6  # letters, where nothing tells one word from the next
MOST = 2048  # values searched for; an instance has a few dozen
_EVERYDAY = frozenset(b"none unknown anonymous anon patient removed withheld test other".split())
_PN_PARTS = re.compile(rb"[\^=\\ ,.]+")
_PN_NAMES = re.compile(r"[\^=\\ ,.]+")
_PARTS, _TEXT_PARTS = re.compile(rb"\\"), re.compile(r"\\")
_PERSONAL = frozenset((b"PN", b"DA", b"DT"))


def _folding() -> tuple[bytes, bytes]:
    """A table and what to leave out: small ASCII letters and digits; é is e in Latin-1 and in UTF-8 (C3 A9)."""
    table = bytearray(range(256))
    for code in range(0xC0, 0x100):
        letter = squeezed(chr(code))
        plain = ord(letter) if len(letter) == 1 and letter.isascii() else code
        table[code] = table[code - 0x40] = plain
    for code in range(0x41, 0x5B):
        table[code] = code + 32
    dropped = [c for c in range(0x80) if not chr(c).isalnum()] + [0xC2, 0xC3, 0xCC]
    return bytes(table), bytes(dropped)


_TABLE, _DROPPED = _folding()


def unnoted(tag: int, vr: bytes) -> bool:
    """Whether a removed value of this attribute is none that is searched for."""
    return vr not in (b"PN", b"UI") and tag not in IDENTIFYING


class Removed:
    """The identifying values that one rewriting took out, and the free texts that it let through."""

    def __init__(self, charset: bytes = b"", known: Identifiers = NOBODY) -> None:
        self._known = known
        self._codecs = codecs_of(charset) if charset else ASCII
        self._values: set[bytes] = set()
        self._sources: set[tuple[int, bytes, bytes]] = set()
        self._texts: set[bytes] = set()

    def note(self, tag: int, vr: bytes, value: bytes) -> None:
        """Remember a value that is being removed or replaced, if it is one that identifies."""
        if vr not in _PERSONAL and vr != b"UI" and tag not in IDENTIFYING:
            return
        if vr != b"UI":
            self._sources.add((tag, vr, value))
        if vr in (b"DA", b"DT") and tag not in IDENTIFYING:
            return
        self._values |= _searched(vr, value, self._codecs)
        if len(self._values) > MOST or len(self._sources) > MOST:
            raise TooMuchRemoved

    def let_through(self, text: bytes) -> None:
        """Remember a free text that stays, as far as its words alone tell."""
        self._texts.add(text)

    def note_item(self, item: bytes, encoding: Encoding) -> None:
        """Remember the names and numbers in an item that is dropped whole."""
        try:
            for element in elements(item, encoding):
                if element.vr == b"SQ":
                    self.note_sequence(element, item, encoding)
                elif element.vr != b"UI":
                    self.note(element.tag, element.vr, item[element.value_start : element.end])
        except DicomError:
            return  # it is dropped anyway

    def note_sequence(self, sequence: Element, data: bytes, encoding: Encoding) -> None:
        """Remember the names and numbers in a sequence that is dropped whole."""
        try:
            for start, stop in items(data, sequence, encoding):
                self.note_item(data[start:stop], encoding)
        except DicomError:
            return

    def identifiers(self) -> Identifiers:
        """What was removed and what was known before, as identifiers to clean texts of."""
        found = [self._known, *(identifiers_in_value(*source, self._codecs) for source in self._sources)]
        return Identifiers(
            frozenset[str]().union(*(each.names for each in found)),
            frozenset[str]().union(*(each.numbers for each in found)),
            frozenset().union(*(each.dates for each in found)),
        )

    def in_texts(self) -> bool:
        """Whether one of them stands in a text that was let through: then it has to be cleaned again."""
        if not self._texts:
            return False
        known = self.identifiers()
        return any(known.spans(text.decode("utf-8", "replace")) for text in self._texts)

    def must_be_gone_from(self, data: bytes, encoding: Encoding) -> None:
        """Raises StillThere if any of them stands in the encoded dataset in any spelling."""
        folded = data.translate(_TABLE, _DROPPED)
        forms = {value: value.translate(_TABLE, _DROPPED) for value in self._values}
        keys = frozenset[bytes]().union(*(_keys(*source, self._codecs) for source in self._sources))
        there = {each for each in keys.union(forms.values()) if each in folded}
        near = bool(self._known) or not is_plain(self._codecs) or not keys.isdisjoint(there)
        if not there and not near:
            return
        lowered = data.lower()
        hits = [value for value, form in forms.items() if form in there and _as_a_word(value, lowered)]
        suspect = Suspect(tuple(hits), self.identifiers().longer() if near else NOBODY, self._codecs)
        if stands(suspect, data, lowered, encoding):
            raise StillThere


def _as_a_word(value: bytes, lowered: bytes) -> bool:
    return re.search(rb"(?<![0-9a-z])" + re.escape(value) + rb"(?![0-9a-z])", lowered) is not None


@lru_cache(maxsize=4096)
def _searched(vr: bytes, value: bytes, codecs: tuple[str, ...]) -> frozenset[bytes]:
    """The forms of one value that are searched for as words: as it was, and if it is not ASCII in other encodings."""
    splitter, text_splitter = (_PN_PARTS, _PN_NAMES) if vr == b"PN" else (_PARTS, _TEXT_PARTS)
    parts = splitter.split(value)
    found = {part.strip(b"\0 \r\n\t").lower() for part in parts}
    if is_plain(codecs) or (value.isascii() and b"\x1b" not in value):
        texts = [decoded(part, codecs) for part in parts if not part.isascii()]
    else:
        texts = text_splitter.split(decoded(value, codecs))
    for text in texts:
        for cased in (text, text.lower(), text.upper(), text.title()):
            found |= {form.lower() for form in encodings(cased.strip(), codecs)}
    return frozenset(bare for bare in found if _worth_it(bare))


def _worth_it(bare: bytes) -> bool:
    return len(bare) >= SHORTEST and bare not in _EVERYDAY and not bare.startswith(b"1.2.840.10008.")


@lru_cache(maxsize=4096)
def _keys(tag: int, vr: bytes, value: bytes, codecs: tuple[str, ...]) -> frozenset[bytes]:
    """What is searched for in the folded copy: names and numbers of people, not of places; days of birth."""
    if tag in PLACES or (vr in (b"DA", b"DT") and tag not in IDENTIFYING):
        return frozenset()
    known = identifiers_in_value(tag, vr, value, codecs)
    names = (name for name in known.names if len(name) >= SQUEEZED_NAME)
    numbers = (number for number in _as_written(vr, value, known) if len(number) >= SQUEEZED_NUMBER)
    all_keys = {each.encode("ascii") for each in (*names, *numbers) if each.isascii()}
    return frozenset(key for key in all_keys if not any(key != other and other in key for other in all_keys))


def _as_written(vr: bytes, value: bytes, known: Identifiers) -> frozenset[str]:
    """Numbers as they are in bytes, their letters being letters."""
    if vr in (b"DA", b"DT"):
        return known.numbers
    parts = value.decode("latin-1").split("\\")
    return frozenset(squeezed(part) for part in parts if any(c.isdigit() for c in part))
