"""`slidegate consent` and `slidegate optout`: patients who have said yes, and who have said no."""

from __future__ import annotations

import csv
from datetime import datetime
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
@click.option(
    "--format", "kind", type=click.Choice(["csv", "nhs"]), default="csv", help="nhs: NHS numbers, one a line."
)
@click.option("--list", "name", default="", help="Name of the list, if there are several.")
@click.option("--source", default="", help="Who keeps the list.")
@click.option("--dated", type=click.DateTime(["%Y-%m-%d"]), help="The day that it is of; today if not told.")
@click.option("--replace", is_flag=True, help="FILE is the whole list: who is no longer in it is off it.")
def import_(file: Path, kind: str, name: str, source: str, dated: datetime | None, replace: bool) -> None:
    """Add the patients of FILE, all or none: CSV with the columns site and patient_id, or NHS numbers."""
    from sqlalchemy import select

    from gateway import clock, db
    from gateway.catalogue.models import Site
    from gateway.consent.optouts import NATIONAL, OWN, Listing, import_national, import_optouts
    from gateway.projects.keys import first_data_master
    from gateway.trail.record import SYSTEM

    rows = _pairs(file) if kind == "csv" else []
    lines = _lines(file) if kind == "nhs" else []
    listing = Listing(name or (OWN if kind == "csv" else NATIONAL), source, dated.date() if dated else None)
    with db.transaction() as session:
        moment = clock.now()
        key = first_data_master(session, now=moment)
        if kind == "csv":
            sites = list(session.scalars(select(Site.code)))
            done = import_optouts(
                session, by=SYSTEM, master=key, rows=rows, sites=sites, now=moment, listing=listing, replace=replace
            )
        else:
            done = import_national(
                session, by=SYSTEM, master=key, lines=lines, now=moment, listing=listing, replace=replace
            )
    off = f", {done.gone} no longer on the list" if replace else ""
    click.echo(f"{done.new} new opt-outs, {done.known} known before{off}")


def _pairs(file: Path) -> list[tuple[str, str]]:
    from gateway.errors import Invalid

    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            if not {"site", "patient_id"} <= set(reader.fieldnames or ()):
                raise Invalid("the file needs the columns site and patient_id")
            return [((row["site"] or "").strip(), row["patient_id"] or "") for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("the file is not a CSV file in UTF-8") from None


def _lines(file: Path) -> list[str]:
    from gateway.errors import Invalid

    try:
        return file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Invalid("the file is not in UTF-8") from None
