"""Consents from a CSV file: patient_id, version, terms, from, until, status. Strict, and silent about patients.

Terms are written as in duo.py and divided by `|`. A day counts whole, in UTC; a moment needs its time zone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.consent.duo import BadTerm, Term, Vocabulary
from gateway.consent.given import Row
from gateway.consent.models import GIVEN, WITHDRAWN
from gateway.errors import Invalid

NEEDED = {"patient_id", "version", "terms", "from"}
KNOWN = NEEDED | {"until", "status"}
STATES = {"": GIVEN, "given": GIVEN, "withdrawn": WITHDRAWN, "refused": WITHDRAWN}


def read_csv(path: Path, vocabulary: Vocabulary) -> Iterator[Row]:
    """The consents of the file, one by one. Raises Invalid, which names the line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            columns = list(reader.fieldnames or ())
            if not set(columns) >= NEEDED or not set(columns) <= KNOWN or len(set(columns)) < len(columns):
                raise Invalid("the file needs the columns patient_id, version, terms, from, and may have until, status")
            for raw in reader:
                yield _row(f"line {reader.line_num}", raw, vocabulary)
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("the file is not a CSV file in UTF-8") from None


def _row(where: str, raw: Mapping[str, str | None], vocabulary: Vocabulary) -> Row:
    if None in raw or None in raw.values():
        raise Invalid(f"{where}: the number of columns is not that of the first line")
    told = {name: (value or "").strip() for name, value in raw.items()}
    if told.get("status", "") not in STATES:
        raise Invalid(f"{where}: the status is given, withdrawn or refused")
    return Row(
        where=where,
        patient_id=told["patient_id"],
        version=told["version"],
        terms=terms_of(where, [each for each in told["terms"].split("|") if each.strip()], vocabulary),
        starts=start_of(where, told["from"]),
        ends=end_of(where, told["until"]) if told.get("until") else None,
        state=STATES[told.get("status", "")],
    )


def terms_of(where: str, texts: list[str], vocabulary: Vocabulary) -> tuple[Term, ...]:
    """The terms, checked. Raises Invalid."""
    try:
        return vocabulary.terms(texts)
    except BadTerm as fault:
        raise Invalid(f"{where}: {fault.message}") from None


def start_of(where: str, text: str) -> datetime:
    """The moment at which a consent begins. Raises Invalid."""
    return _moment(where, text)[0]


def end_of(where: str, text: str) -> datetime:
    """The moment at which it no longer holds: a day is inside it. Raises Invalid."""
    moment, whole_day = _moment(where, text)
    return moment + timedelta(days=1) if whole_day else moment


def _moment(where: str, text: str) -> tuple[datetime, bool]:
    """The moment, and whether it is a whole day."""
    whole_day = len(text) == len("2026-01-31")
    try:
        moment = datetime.fromisoformat(text)
        if moment.year < 1900 or moment.year > 2200:
            raise ValueError
    except ValueError:
        raise Invalid(f"{where}: write days as 2026-01-31, moments as 2026-01-31T12:00:00Z") from None
    if moment.tzinfo is None and not whole_day:
        raise Invalid(f"{where}: a moment needs its time zone")
    return (moment.replace(tzinfo=UTC) if whole_day else moment.astimezone(UTC)), whole_day
