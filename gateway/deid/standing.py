"""Whether what the last gate found is the patient's: a look at each element of a header that is about to leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.deid.charsets import codecs_of, decoded
from gateway.deid.identifiers import CHARSET, Identifiers
from gateway.dicom.elements import elements, items
from gateway.dicom.encoding import IMPLICIT_LE, Encoding
from gateway.dicom.errors import DicomError

_TEXTS = frozenset((b"AE", b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UN", b"UR", b"UT"))
_NUMBERS = frozenset((b"DS", b"IS"))
_OWN = frozenset((0x00080102, 0x00120062, 0x00120063, 0x00120064))  # coding scheme, and the marks
_MEANING = 0x00080104
_ALNUM = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")
SHORT_NUMBER = 6  # digits; a count of frames can be a patient's number by chance


@dataclass(frozen=True, slots=True)
class Suspect:
    """What may stand in a header: values found as words in its bytes, and identifiers to look for in its texts."""

    values: tuple[bytes, ...]
    identifiers: Identifiers
    codecs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Leaf:
    start: int
    stop: int
    tag: int
    vr: bytes
    codecs: tuple[str, ...]


def stands(suspect: Suspect, data: bytes, lowered: bytes, encoding: Encoding) -> bool:
    """Whether one of them stands in a value that is not of the standard's or our own making."""
    try:
        leaves = list(_leaves(data, 0, len(data), encoding, suspect.codecs))
    except DicomError:
        return True
    ours = [(leaf.start, leaf.stop) for leaf in leaves if _our_own(leaf, data)]
    counts = [(leaf.start, leaf.stop) for leaf in leaves if leaf.vr in _NUMBERS]
    for value in suspect.values:
        fine = ours + counts if value.isdigit() and len(value) < SHORT_NUMBER else ours
        if any(
            not any(start <= at and at + len(value) <= stop for start, stop in fine) for at in _words(value, lowered)
        ):
            return True
    return any(
        suspect.identifiers.spans(decoded(data[leaf.start : leaf.stop], leaf.codecs))
        for leaf in leaves
        if leaf.vr in _TEXTS and not _our_own(leaf, data)
    )


def _leaves(data: bytes, start: int, stop: int, encoding: Encoding, codecs: tuple[str, ...]) -> Iterator[_Leaf]:
    for element in elements(data, encoding, start, stop):
        value = data[element.value_start : element.end]
        if element.tag == CHARSET:
            codecs = codecs_of(value)
        if element.vr == b"SQ" or (element.vr == b"UN" and value[:4] == b"\xfe\xff\x00\xe0"):
            inside = IMPLICIT_LE if element.vr == b"UN" else encoding
            for inner, inner_stop in items(data, element, encoding):
                yield from _leaves(data, inner, inner_stop, inside, codecs)
        else:
            yield _Leaf(element.value_start, element.end, element.tag, element.vr, codecs)


def _our_own(leaf: _Leaf, data: bytes) -> bool:
    """Whether the value was put there by the gateway, or is one of the standard's terms: it says nothing of anybody."""
    value = data[leaf.start : leaf.stop].strip(b"\0 ")
    if leaf.vr == b"UI":
        return all(part.startswith((b"2.25.", b"1.2.840.10008.")) for part in value.split(b"\\") if part)
    if leaf.tag == _MEANING:
        return not value.isdigit()  # rebuilt from the vocabulary (codes.py)
    return leaf.vr == b"CS" or leaf.tag in _OWN  # a CS that stays is a defined term (terms.py)


def _words(value: bytes, lowered: bytes) -> Iterator[int]:
    """Where it stands as a word of its own."""
    at = lowered.find(value)
    while at >= 0:
        end = at + len(value)
        if (at == 0 or lowered[at - 1] not in _ALNUM) and (end >= len(lowered) or lowered[end] not in _ALNUM):
            yield at
        at = lowered.find(value, at + 1)
