"""`slidegate optout`: patients who have said no."""

from __future__ import annotations

import csv
from pathlib import Path

import click


@click.group()
def optout() -> None:
    """Patients who have said no to research use."""


@optout.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add the patients of a CSV FILE with the columns site and patient_id; all of them, or none."""
    from sqlalchemy import select

    from gateway import clock, db
    from gateway.catalogue.models import Site
    from gateway.consent.optouts import import_optouts
    from gateway.errors import Invalid
    from gateway.projects.keys import first_data_master
    from gateway.trail.record import SYSTEM

    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            if not {"site", "patient_id"} <= set(reader.fieldnames or ()):
                raise Invalid("the file needs the columns site and patient_id")
            rows = [((row["site"] or "").strip(), row["patient_id"] or "") for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("the file is not a CSV file in UTF-8") from None
    with db.transaction() as session:
        sites = list(session.scalars(select(Site.code)))
        moment = clock.now()
        key = first_data_master(session, now=moment)
        new = import_optouts(session, by=SYSTEM, master=key, rows=rows, sites=sites, now=moment)
    click.echo(f"{new} new opt-outs, {len(rows) - new} known before")
