"""`slidegate consent` and `slidegate optout`: patients who have said yes, and who have said no."""

from __future__ import annotations

import csv
from pathlib import Path

import click


@click.group()
def consent() -> None:
    """Patients who have said yes, to what, and for how long."""


@consent.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", required=True, help="Code of the site that asked the patients.")
@click.option("--format", "kind", type=click.Choice(["csv", "fhir"]), required=True)
@click.option("--replace", is_flag=True, help="FILE is the site's whole list: what is not in it counts as withdrawn.")
def import_consents(file: Path, site: str, kind: str, replace: bool) -> None:
    """Take the consents of FILE, all of them or none: a CSV file, or FHIR R4 Consent as JSON or NDJSON."""
    from gateway import clock, db
    from gateway.catalogue.queries import site_of_code
    from gateway.consent.duo import read_vocabulary
    from gateway.consent.given import import_consents as take
    from gateway.consent.reading_csv import read_csv
    from gateway.consent.reading_fhir import read_fhir
    from gateway.projects.keys import first_data_master
    from gateway.settings import current
    from gateway.trail.record import SYSTEM

    read = {"csv": read_csv, "fhir": read_fhir}[kind]
    rows = list(read(file, read_vocabulary(current().policies_dir)))
    with db.transaction() as session:
        code, moment = site_of_code(session, site).code, clock.now()
        key = first_data_master(session, now=moment)
        done = take(session, by=SYSTEM, master=key, site=code, rows=rows, now=moment, replace=replace)
    click.echo(f"{done.new} new, {done.changed} changed, {done.same} as before, {done.withdrawn} withdrawn")


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
