"""Exports: the formats by name, and writing one to a file that is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from gateway.audit import export_atna, export_csv, export_fhir, export_ndjson, export_report, queries
from gateway.audit.listing import Form, Listing, batches
from gateway.audit.search import Search
from gateway.errors import Invalid


class NoSuchForm(Invalid):
    """A bundle is asked for with a form that there is not."""

    code = "audit-no-such-form"
    title = "The forms of a bundle are csv, fhir, atna and html, with commas between them, or all, or none"


class CannotWrite(Invalid):
    """The folder for the export cannot be written to."""

    code = "cannot-write"
    title = "The export cannot be written there"


FORMS: dict[str, Form] = {
    "csv": export_csv.FORM,
    "fhir": export_fhir.FORM,
    "atna": export_atna.FORM,
    "html": export_report.FORM,
}
FORMATS: dict[str, str] = {  # and their media types
    **{name: form.media_type for name, form in FORMS.items()},
    "ndjson": export_ndjson.MEDIA_TYPE,
}


def forms_named(text: str) -> tuple[str, ...]:
    """The forms for reading that a bundle is to have: "csv,html", "all" or "none". Raises NoSuchForm."""
    if text in ("all", "none"):
        return tuple(FORMS) if text == "all" else ()
    named = {each.strip() for each in text.split(",")}
    if not named <= FORMS.keys():
        raise NoSuchForm
    return tuple(form for form in FORMS if form in named)


def pieces(db: Session, form: str, search: Search, *, named: bool, now: datetime) -> Iterator[str]:
    """The text of an export of what the log holds now, piece by piece, in constant memory."""
    if form == "ndjson":
        yield from export_ndjson.lines(db, search, named=named, now=now)
        return
    listing = Listing(queries.sought(db, search), queries.head(db), named, now)
    yield from told(db, FORMS[form], listing)


def told(db: Session, form: Form, listing: Listing) -> Iterator[str]:
    """The text of a form, batch by batch."""
    yield form.top(listing)
    count = 0
    for batch in batches(db, listing):
        yield form.rows(batch)
        count += len(batch)
    yield form.bottom(count)


def write(directory: Path, name: str, make: Callable[[], Iterator[str]]) -> Path:
    """Write the lines to directory/name, which appears when it is whole and on the disk. Raises CannotWrite."""
    target = directory / name
    unready = target.with_name(f".{name}.{os.getpid()}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with unready.open("w", encoding="utf-8", newline="") as file:
            file.writelines(make())
            file.flush()
            os.fsync(file.fileno())
        unready.replace(target)
    except OSError:
        raise CannotWrite from None
    finally:
        unready.unlink(missing_ok=True)
    return target
