"""What identifies by its form alone: addresses, dates, ages, telephone and other numbers (45 CFR 164.514(b)(2))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.deid.folding import word_set

OLDEST = 89  # years; ages above are one group
_MONTHS = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?|ionawr|chwefror|mawrth|ebrill|mai|mehefin|gorff(?:ennaf)?|awst|medi|hydref|tachwedd"
    "|rhagfyr)(?![^\\W\\d_])"
)
_NTH = r"(?:st|nd|rd|th|af|ain|eg|ed|fed)?"
_YEAR = r"(?:[\s.,'’/-]*\d{2,4}\b)?"
_DOMAINS = "com|org|net|uk|cymru|wales|nhs|eu|gov|ac|io|de|fr"
_WHOLE = re.compile(
    "|".join(
        (
            r"\b[\w.+'-]+@[\w.-]+",  # e-mail
            r"\b(?:https?|ftps?|file)://\S+",
            r"\bwww\.\S+",
            rf"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:{_DOMAINS})\b\S*",
            rf"(?<!\d)\d{{1,2}}{_NTH}(?:[\s.,/-]|of\b|o\b)*{_MONTHS}\.?{_YEAR}",  # 14 March 2026, 14th of March
            rf"(?<![^\W\d_]){_MONTHS}[\s.,/-]*\d{{1,4}}{_NTH}\b{_YEAR}",  # March 14th, 2026
            r"\b(?:gir\s?0aa|[a-z]{1,2}\d[a-z\d]?\s*\d[abd-hjlnp-uw-z]{2})\b",  # postcode
            r"\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b",  # 14.3.26
            r"\b\d{1,2}:\d{2}(?::\d{2})?\s*(?:am|pm|hrs?|h)\b",
            r"\+\d[\d\s()-]{6,}",  # telephone, abroad
        )
    ),
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\b(\d{2,3})(?=[\s-]*(?:years?|yrs?|yo?|y/o|oed|mlwydd)\b)|\b(?:aged?|oed|age:|age\s+of)[\s:]*(\d{2,3})\b",
    re.IGNORECASE,
)
_RUN = re.compile(r"(?<![^\W_])\d+(?:[^\w\n]+\d+(?![^\W\d_]))*(?![^\W_])")
_N, _SMALL = r"\d{1,3}(?:[.,]\d{1,2})?", r"\d{1,2}(?:\.\d{1,2})?"
_FINE = re.compile(
    rf"{_N}"  # 12, 1.5
    rf"|{_SMALL}\s?[-–]\s?{_SMALL}"  # 10-15
    r"|\d{1,2}, ?\d{1,2}"  # 4, 5
    r"|\d\s?\+\s?\d(?:\s?[=(]\s?\d{1,2})?"  # 3+4=7
    r"|1:(?:[1-9]0|[1-9]00)"  # a dilution
)
_APART = re.compile(r"\),?\s+|,\s+")  # between two numbers of their own
_OUT_OF = re.compile(r"\d{1,2}/\d{1,2}")
COUNTED = word_set(
    "node nodes lymph nodal core cores slide slides block blocks piece pieces margin margins positive negative involved"
    " score allred quick grade gleason er pr level levels hpf"
)


def whole_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where an address, a date, a postcode or an age over 89 stands."""
    yield from (match.span() for match in _WHOLE.finditer(text))
    for match in _AGE.finditer(text):
        group = 1 if match[1] else 2
        if int(match[group]) > OLDEST:
            yield match.span(group)


def number_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where digits stand that are more than a small count, a measure or a score."""
    for match in _RUN.finditer(text):
        pieces = _APART.split(match[0])
        if len(pieces) > 2 or not all(_fine(piece, text, match) for piece in pieces):
            yield match.span()


def _fine(piece: str, text: str, match: re.Match[str]) -> bool:
    return bool(_FINE.fullmatch(piece) or (_OUT_OF.fullmatch(piece) and _counted(text, match)))


def _counted(text: str, match: re.Match[str]) -> bool:
    """Whether 2/14 is two of fourteen, as the word before or after it tells, and no day of a month."""
    before = re.search(r"([^\W\d_]+)\W*$", text[: match.start()])
    after = re.match(r"\W*([^\W\d_]+)", text[match.end() :])
    return any(word is not None and word[1].lower() in COUNTED for word in (before, after))
