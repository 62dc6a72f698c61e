"""Exports: the formats by name, and writing one to a file that is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from gateway.audit import export_atna, export_csv, export_fhir, export_ndjson, export_report
from gateway.audit.search import Search
from gateway.errors import Invalid
from gateway.web import spreadsheet


class CannotWrite(Invalid):
    """The folder for the export cannot be written to."""

    code = "cannot-write"
    title = "The export cannot be written there"


class Lines(Protocol):
    """What each format gives: the text of an export, piece by piece."""

    def __call__(self, db: Session, search: Search, *, named: bool, now: datetime) -> Iterator[str]: ...


FORMATS: dict[str, tuple[Lines, str]] = {
    "csv": (export_csv.lines, spreadsheet.MEDIA_TYPE),
    "ndjson": (export_ndjson.lines, export_ndjson.MEDIA_TYPE),
    "fhir": (export_fhir.lines, export_fhir.MEDIA_TYPE),
    "atna": (export_atna.lines, export_atna.MEDIA_TYPE),
    "html": (export_report.lines, export_report.MEDIA_TYPE),
}


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
