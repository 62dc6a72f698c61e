"""Values: whether one is well formed for its VR, and what each function of a recipe makes of it.

All of them take and give encoded text without padding; `None` means that nothing safe can be said, so the
element is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.deid.cleaner import Cleaner, kept_value, marked_value
from gateway.deid.errors import Quarantined
from gateway.deid.keys import ProjectKeys
from gateway.dicom.uids import ClearUid

_DAY = rb"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_TIME = rb"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_INSTANT = _DAY + rb"(?:" + _TIME + rb")?(?:[+-](?:0\d|1[0-4])[0-5]\d)?"
_FORMS: Mapping[bytes, re.Pattern[bytes]] = {  # PS3.5 table 6.2-1; padding and value multiplicity included
    b"CS": re.compile(rb"[A-Z0-9_ ]{0,16}(?:\\[A-Z0-9_ ]{0,16})*"),
    b"DS": re.compile(rb"[0-9+\-.eE ]{0,16}(?:\\[0-9+\-.eE ]{0,16})*"),
    b"IS": re.compile(rb"[0-9+\- ]{0,12}(?:\\[0-9+\- ]{0,12})*"),
    b"UI": re.compile(rb"[0-9.]{0,64}(?:\\[0-9.]{0,64})*\x00?"),
    b"AS": re.compile(rb"(?:[0-9]{3}[DWMY])?"),
    b"AT": re.compile(rb"(?:.{4})*", re.DOTALL),
    b"DA": re.compile(rb"(?:%(day)s(?:\\%(day)s)*)? ?" % {b"day": _DAY}),
    b"TM": re.compile(rb"(?:%(time)s *(?:\\%(time)s *)*)?" % {b"time": _TIME}),
    b"DT": re.compile(rb"(?:%(moment)s *(?:\\%(moment)s *)*)?" % {b"moment": _INSTANT}),
}
_TEXT_LIMITS = {b"SH": 16, b"LO": 64, b"AE": 16, b"PN": 324, b"ST": 1024, b"LT": 10240}
DUMMIES: Mapping[bytes, bytes] = {  # a value that is valid for the VR and says nothing
    **dict.fromkeys((b"AE", b"LO", b"LT", b"OB", b"PN", b"SH", b"ST", b"UC", b"UN", b"UT"), b"REMOVED"),
    b"AS": b"000D",
    b"DA": b"19000101",
    b"DS": b"0",
    b"DT": b"19000101000000",
    b"IS": b"0",
    b"TM": b"000000",
    b"UR": b"about:blank",
}
_DATE = re.compile(rb"(\d{4})(\d{2})(\d{2})")
_MOMENT = re.compile(rb"(\d{8})(?:\d{2}){0,3}(?:\.\d{1,6})?(?:[+-]\d{4})? ?")
_KINDS = {"PatientID": "patient", "PatientName": "patient", "ContainerIdentifier": "container"}
OLDEST = 89  # years; ages above are one group (45 CFR 164.514(b)(2)(i)(C))


LONG_TEXTS = frozenset((b"LT", b"ST", b"UC", b"UT"))
NOTHING_CLEAN = Cleaner()


def well_formed(vr: bytes, value: bytes) -> bool:
    """Whether a value to be kept has the form of its VR, so that nothing hides in it. Binary VRs always have."""
    form = _FORMS.get(vr)
    if form is not None:
        return form.fullmatch(value) is not None
    limit = _TEXT_LIMITS.get(vr)
    return limit is None or all(len(part) <= 4 * limit for part in value.split(b"\\"))


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose instance it is: the clear patient ID, the project's keys, and what may stay of free texts."""

    id: str
    keys: ProjectKeys
    cleaner: Cleaner = NOTHING_CLEAN
    marks_texts: bool = False
    refused: frozenset[str] = frozenset()  # pseudonyms of texts that must not stay


def mapped_uids(value: bytes, keys: ProjectKeys) -> bytes:
    """Each UID of a value mapped; empty ones stay empty."""
    parts = value.rstrip(b"\0 ").decode("ascii", "replace").split("\\")
    return "\\".join(keys.uid(ClearUid(part.strip())) if part.strip() else "" for part in parts).encode("ascii")


def _uid(value: bytes, _vr: bytes, _keyword: str, patient: Patient) -> bytes | None:
    return mapped_uids(value, patient.keys)


def _pseudonym(value: bytes, _vr: bytes, keyword: str, patient: Patient) -> bytes | None:
    kind = _KINDS.get(keyword, keyword)
    if kind == "patient":
        return patient.keys.pseudonym(kind, patient.id).encode("ascii")
    text = value.strip(b"\0 ")
    return patient.keys.pseudonym(kind, text.decode("latin-1")).encode("ascii") if text else b""


def _shift(value: bytes, vr: bytes, _keyword: str, patient: Patient) -> bytes | None:
    """A date moved by the patient's shift; of a moment only the day is kept. Partial and ranged ones are lost."""
    text = value.strip(b"\0 ")
    if not text:
        return b""
    if vr == b"DT" and not _MOMENT.fullmatch(text):
        return None
    match = _DATE.fullmatch(text[:8]) if vr == b"DT" else _DATE.fullmatch(text)
    if not match:
        return None
    try:
        moved = date(*map(int, match.groups())) + patient.keys.shift(patient.id)
    except (ValueError, OverflowError):
        return None
    day = moved.strftime("%Y%m%d").encode("ascii").rjust(8, b"0")
    return day + b"000000" if vr == b"DT" else day


def _dummy(_value: bytes, vr: bytes, _keyword: str, _patient: Patient) -> bytes | None:
    return DUMMIES.get(vr)


def _age(value: bytes, _vr: bytes, _keyword: str, _patient: Patient) -> bytes | None:
    text = value.strip(b"\0 ")
    if not _FORMS[b"AS"].fullmatch(text):
        return None
    return b"090Y" if text[3:] == b"Y" and int(text[:3]) > OLDEST else text


def _clean_text(value: bytes, vr: bytes, keyword: str, patient: Patient) -> bytes | None:
    """Words of the trade stay; else an identifier, to which others refer, becomes a pseudonym, and a text goes."""
    bare = value.strip(b"\0 ")
    refused = patient.refused and patient.keys.pseudonym("text", bare.decode("latin-1")) in patient.refused
    if not refused and kept_value(value, patient.cleaner):
        return bare
    if not refused and patient.marks_texts and vr in LONG_TEXTS:
        return marked_value(value, patient.cleaner)
    return _pseudonym(value, vr, keyword, patient) if keyword.endswith(("Identifier", "ID")) else None


def _quarantine(value: bytes, _vr: bytes, _keyword: str, _patient: Patient) -> bytes | None:
    if value.strip(b"\0 "):
        raise Quarantined
    return None


FUNCTIONS: Mapping[str, Callable[[bytes, bytes, str, Patient], bytes | None]] = {
    "uid": _uid,
    "pseudonym": _pseudonym,
    "shift": _shift,
    "dummy": _dummy,
    "age": _age,
    "clean_text": _clean_text,
    "quarantine": _quarantine,
}
