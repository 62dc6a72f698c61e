"""Free text made clean (PS3.15 E.3.4, E.3.5): what stays is shown to be harmless, word by word; the rest goes.

A word stays if the vocabulary has it, no identifier of this patient runs through it, and it is not used as a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from gateway.deid.folding import word_set
from gateway.deid.identifiers import NOBODY, Identifiers
from gateway.deid.shapes import number_spans, whole_spans
from gateway.deid.vocabulary import NO_WORDS, Vocabulary

MARK = "[removed]"
LONGEST = 1 << 20  # characters of one text
_ATOM = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"\s?[&/+'’]\s?|\s?[-‐‑–]\s?| ")  # what may stand within a term
_PLAIN_GAP = re.compile(r"[\s.,;:!?()\[\]{}\"'‘’“”/\\&+*=<>%#~^|_‐‑–—°±×≥≤-]*")
_SENTENCE_END = re.compile(r"[.!?:;\n]")
_BY = frozenset(("by", "gan"))
_WITH = frozenset(("by", "from", "to", "for", "with", "and", "per", "gan", "at", "of"))
_TELLING = word_set(
    "reported reviewed discussed received requested confirmed noted advised agreed seen authorised identified found"
    " performed is was has had did made gave took sent does and or given submitted states says"
)
_ONE_LETTER = frozenset("axyz")


@dataclass(frozen=True, slots=True)
class Atom:
    """A run of letters and digits; `low` is it in small letters."""

    start: int
    stop: int
    raw: str
    low: str

    @property
    def capital(self) -> bool:
        """Whether it begins as a name does."""
        return self.raw[0].isupper()


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Cleans texts of one patient; without identifiers, of anybody."""

    vocabulary: Vocabulary = NO_WORDS
    identifiers: Identifiers = NOBODY
    mark: str = MARK

    def is_clean(self, text: str) -> bool:
        """Whether nothing would be removed."""
        return len(text) <= LONGEST and not self._spans(text)

    def cleaned(self, text: str) -> str:
        """The text with a mark in place of each run of words that cannot be shown clean; NFKC (UAX #15)."""
        if len(text) > LONGEST:
            return self.mark
        text = unicodedata.normalize("NFKC", text)
        parts, at = list[str](), 0
        for start, stop in _joined(text, self._spans(text)):
            parts += (text[at:start], self.mark)
            at = stop
        return "".join([*parts, text[at:]])

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """What has to go, in order; may overlap."""
        atoms = [Atom(m.start(), m.end(), m[0], m[0].lower()) for m in _ATOM.finditer(text)]
        bad = [*whole_spans(text), *number_spans(text), *self.identifiers.spans(text), *_strange(text, atoms)]
        gone = [any(start < atom.stop and atom.start < stop for start, stop in bad) for atom in atoms]
        known, parts = self._known(text, atoms)
        gone = [lost or not known[place] for place, lost in enumerate(gone)]
        for place in range(len(atoms)):
            if not gone[place] and place not in parts and self._a_name(text, atoms, gone, place):
                gone[place] = True
        bad += [(atom.start, atom.stop) for atom, lost in zip(atoms, gone, strict=True) if lost]
        return sorted(bad)

    def _known(self, text: str, atoms: list[Atom]) -> tuple[list[bool], set[int]]:
        """For each atom whether it is a word, a small number, a shape, or part of a term; and those that are parts."""
        known = [self._alone(atom) for atom in atoms]
        parts = set[int]()
        for place in range(len(atoms)):
            if place and atoms[place].low == "s" and text[atoms[place - 1].stop : atoms[place].start] in ("'", "’"):
                known[place] = known[place - 1]  # Crohn's
                parts.add(place)
            for more in (3, 2, 1):
                if place + more < len(atoms) and self._term(text, atoms[place : place + more + 1]):
                    known[place : place + more + 1] = [True] * (more + 1)
                    parts.update(range(place, place + more + 1))
                    break
        return known, parts

    def _alone(self, atom: Atom) -> bool:
        if len(atom.raw) == 1 and atom.raw.isalpha():
            return atom.low in _ONE_LETTER and atom.low in self.vocabulary.words
        if atom.raw.isdigit():
            return atom.raw.isascii()  # number_spans has judged it
        return atom.low in self.vocabulary.words or self.vocabulary.shape.fullmatch(atom.low) is not None

    def _term(self, text: str, atoms: list[Atom]) -> bool:
        """Whether neighbours make one term of the vocabulary: Ki-67, H & E, PD L1."""
        key = atoms[0].low
        for one, other in pairwise(atoms):
            gap = text[one.stop : other.start]
            if not _BETWEEN.fullmatch(gap):
                return False
            key += _joint(gap) + other.low
        return key in self.vocabulary.words

    def _a_name(self, text: str, atoms: list[Atom], gone: list[bool], place: int) -> bool:
        """Whether a word that could be one is used as a name here, or is the initial or house number of one."""
        atom = atoms[place]
        before, after = _neighbours(text, atoms, place)
        if _is_number(atom):
            return atom.raw.isdigit() and _of_the_removed(text, atoms, gone, place, before, after)
        if len(atom.raw) == 1 and atom.raw.isalpha():
            return _initial(text, atoms, gone, place, before, after)
        if atom.low not in self.vocabulary.names:
            return False
        last, following = (atoms[at] if at is not None else None for at in (before, after))
        if (before is not None and gone[before] and not _is_number(last)) or (after is not None and gone[after]):
            return True
        if last is not None and (last.low in _BY or (atom.capital and last.low in _WITH)):
            return following is None or following.low not in self.vocabulary.company
        if not atom.capital:
            return False
        if following is None:
            return text.upper() != text or last is None
        if following.low in self.vocabulary.company:
            return False
        if text.upper() == text:
            return following.low in _TELLING or following.low in self.vocabulary.names
        return last is not None or following.capital or following.low in _TELLING


def _is_number(atom: Atom | None) -> bool:
    """Whether an atom begins with a digit: a number that went is no neighbour of a name."""
    return atom is not None and atom.raw[0].isdigit()


def _neighbours(text: str, atoms: list[Atom], place: int) -> tuple[int | None, int | None]:
    """The atoms before and after in the same sentence; the s of Crohn's is passed over."""
    atom, before, after = atoms[place], place - 1, place + 1
    if after < len(atoms) and atoms[after].low == "s" and text[atom.stop : atoms[after].start] in ("'", "’"):
        after += 1
    same = place > 0 and not _SENTENCE_END.search(text, atoms[before].stop, atom.start)
    near = after < len(atoms) and not text[atoms[after - 1].stop : atoms[after].start].strip(" ,.'’-")
    return before if same else None, after if near else None


def _initial(text: str, atoms: list[Atom], gone: list[bool], place: int, before: int | None, after: int | None) -> bool:
    """A single letter: small, it may stay unless a dot follows; a capital only as the article of a sentence."""
    near = [at for at in (before, after) if at is not None]
    beside = any(gone[at] and not _is_number(atoms[at]) for at in near)
    if not atoms[place].capital:
        return beside and text[atoms[place].stop : atoms[place].stop + 1] == "."
    return beside or before is not None or after is None or atoms[after].capital


def _of_the_removed(
    text: str, atoms: list[Atom], gone: list[bool], place: int, before: int | None, after: int | None
) -> bool:
    """Whether a small number belongs to what went: 12 [Heol y Bont], [ward] 7, [A1]-3."""
    if after is not None and gone[after]:
        return True
    if before is None or not gone[before]:
        return False
    return after is None or text[atoms[before].stop : atoms[place].start].strip() != ""


def _joint(gap: str) -> str:
    """What joins two parts of a term, in the vocabulary's spelling."""
    bare = gap.strip()
    return bare.replace("’", "'") if bare in ("&", "/", "+", "'", "’") else "-"


def _strange(text: str, atoms: list[Atom]) -> Iterator[tuple[int, int]]:
    """What stands between words and is no plain punctuation."""
    at = 0
    for start, stop in [*((atom.start, atom.stop) for atom in atoms), (len(text), len(text))]:
        if not _PLAIN_GAP.fullmatch(text, at, start):
            yield at, start
        at = stop


def _joined(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch, or have nothing but punctuation between them, as one."""
    found: list[tuple[int, int]] = []
    for start, stop in spans:
        if found and not text[found[-1][1] : start].strip(" ,.'’/-()&+="):
            found[-1] = found[-1][0], max(found[-1][1], stop)
        elif start < stop:
            found.append((start, stop))
    return found


@lru_cache(maxsize=4096)
def kept_value(value: bytes, cleaner: Cleaner) -> bool:
    """Whether an encoded value, short or long, is clean as it is. Memoised: values recur."""
    try:
        return cleaner.is_clean(value.decode("utf-8").strip("\0 "))
    except UnicodeDecodeError:
        return False


@lru_cache(maxsize=4096)
def marked_value(value: bytes, cleaner: Cleaner) -> bytes | None:
    """An encoded long text with marks for what cannot be shown clean; None if else nothing is left, or no ASCII."""
    try:
        text = cleaner.cleaned(value.decode("utf-8").strip("\0 "))
    except UnicodeDecodeError:
        return None
    return text.encode("utf-8") if text.isascii() and text.replace(cleaner.mark, "").strip(" .,;:\r\n") else None
