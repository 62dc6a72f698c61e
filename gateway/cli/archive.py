"""`slidegate archive` and `slidegate dataset`: what the gateway stands in front of."""

from __future__ import annotations

import click


@click.group()
def archive() -> None:
    """Archives: where slides come from."""


@archive.command("add")
@click.argument("name")
@click.argument("uri")
@click.option("--site", required=True, help="Code of the site that holds the archive.")
@click.option("--site-name", default="", help="Its name, if it is new.")
def add_archive(name: str, uri: str, site: str, site_name: str) -> None:
    """Add an archive NAME at URI: a path, s3://bucket/prefix, or dicomweb+https://host/root. It is only ever read."""
    from pathlib import Path

    from gateway import clock, db
    from gateway.archive.connect import connect
    from gateway.catalogue import commands
    from gateway.catalogue.sources import access
    from gateway.trail.record import SYSTEM

    if "://" not in uri:
        uri = f"folder:{Path(uri.removeprefix('folder:')).resolve()}"
    next(connect(uri, access()).objects(), None)  # refuses a place that is not there
    with db.transaction() as session:
        now = clock.now()
        place = commands.add_site(session, by=SYSTEM, code=site, name=site_name or site, now=now)
        commands.add_archive(session, by=SYSTEM, name=name, uri=uri, site=place, now=now)
    click.echo(f"archive {name} added; now: slidegate archive index {name}")


@archive.command("index")
@click.argument("name")
def index(name: str) -> None:
    """Read what is new or changed in archive NAME. Can be stopped and started again at any time."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gateway import clock
    from gateway.catalogue.indexing import index_archive
    from gateway.trail.record import SYSTEM

    columns = (TextColumn("indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("index", total=None)
        done = index_archive(
            by=SYSTEM, name=name, now=clock.now(),
            progress=lambda at, of: bar.update(task, completed=at, total=of),
        )  # fmt: skip
    click.echo(f"{done.read} read ({done.broken} broken), {done.unchanged} unchanged, {done.gone} gone")


@archive.command("list")
@click.option("--broken", is_flag=True, help="Show the objects that could not be used, and why.")
def list_archives(broken: bool) -> None:
    """Archives and what is in them."""
    from sqlalchemy import func, select

    from gateway import db
    from gateway.catalogue.models import BROKEN, Instance
    from gateway.catalogue.queries import archives

    with db.reading() as session:
        for each in archives(session):
            here = Instance.archive_id == each.id
            rows = session.execute(select(Instance.state, func.count()).where(here).group_by(Instance.state))
            counts = ", ".join(f"{count} {state}" for state, count in rows)
            click.echo(f"{each.name:20} {each.site.code:8} {counts or 'not indexed yet'}")
            for bad in session.scalars(select(Instance).where(here, Instance.state == BROKEN)) if broken else ():
                click.echo(f"    object {bad.id}: {bad.reason}")


@click.group()
def dataset() -> None:
    """Datasets: what researchers can ask for."""


@dataset.command("add")
@click.argument("slug")
@click.option("--archive", "archive_name", required=True)
@click.option("--title", required=True)
@click.option("--summary", default="")
@click.option("--modality", default="", help="Only studies with such a series.")
@click.option("--body-part", default="", help="Only studies of this body part.")
@click.option("--term", "terms", multiple=True, help="A term of data use, such as DUO:0000042; more than once.")
@click.option("--deid-policy", default="", help="De-identification policy, if not the default one.")
def add_dataset(
    slug: str,
    archive_name: str,
    title: str,
    summary: str,
    modality: str,
    body_part: str,
    terms: tuple[str, ...],
    deid_policy: str,
) -> None:
    """Offer the studies of an archive as a dataset SLUG."""
    from gateway import clock, db
    from gateway.catalogue import commands, queries
    from gateway.deid.plan import load_plan
    from gateway.settings import current
    from gateway.trail.record import SYSTEM

    if deid_policy:
        load_plan(current().policies_dir, deid_policy)  # refuses one that cannot be used
    with db.transaction() as session:
        commands.add_dataset(
            session, by=SYSTEM, slug=slug, title=title, summary=summary, now=clock.now(),
            archive=queries.archive(session, archive_name), modality=modality, body_part=body_part,
            terms=terms, deid_policy=deid_policy,
        )  # fmt: skip
    click.echo(f"dataset {slug} added")


@dataset.command("list")
def list_datasets() -> None:
    """Datasets and how much is in them."""
    from gateway import db
    from gateway.catalogue.queries import counts, datasets

    with db.reading() as session:
        found = datasets(session)
        counted = counts(session, [each.id for each in found])
        for each in found:
            held = counted[each.id]
            click.echo(
                f"{each.slug:24} {each.site.code:8} {held.studies:6} studies {held.slides:6} slides  {each.title}"
            )
