"""`slidegate release`: build the release of a grant, list releases, take access back."""

from __future__ import annotations

import click

from gateway.errors import Conflict


class NotDelivered(Conflict):
    """Some of it could not be written."""

    code = "not-delivered"
    title = "Not all of the release could be written: see `slidegate jobs list --state failed`, or run it again"


@click.group()
def release() -> None:
    """Releases: what grants have opened."""


@release.command()
@click.option("--grant", "grant_id", required=True, help="The grant whose release is built.")
def build(grant_id: str) -> None:
    """Freeze what a grant opens, and check each image. One that is there stays; one half built is gone on with."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gateway import clock
    from gateway.catalogue.screening import screen_datasets
    from gateway.db import reading
    from gateway.release.building import build as built
    from gateway.release.queries import grant_named
    from gateway.trail.record import SYSTEM

    with reading() as db:
        datasets = grant_named(db, grant_id).dataset_ids
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as shown:
        bar = shown.add_task("looking at pixels", total=None)

        def tell(doing: str, done: int, every: int) -> None:
            shown.update(bar, description=doing, completed=done, total=every)

        screen_datasets(
            datasets, by=SYSTEM, now=clock.now(), progress=lambda done, every: tell("looking at pixels", done, every)
        )
        made = built(by=SYSTEM, grant_id=grant_id, now=clock.now(), progress=tell)
    click.echo(f"release {made.id}: {made.released} images released, {made.withheld} withheld")


@release.command("list")
def list_releases() -> None:
    """Releases, how much is in them, and how their grants stand."""
    from rich.console import Console
    from rich.table import Table

    from gateway import clock
    from gateway.db import reading
    from gateway.projects.standing import standing
    from gateway.release.queries import grant_named, releases

    table = Table("release", "grant", "state", "released", "withheld", "policy", "access", box=None)
    with reading() as db:
        for each in releases(db):
            access = standing(grant_named(db, each.grant_id), clock.now()).sentence
            counts = str(each.released), str(each.withheld)
            table.add_row(each.id, each.grant_id, each.state, *counts, each.deid_policy, access)
    Console().print(table)


@release.command()
@click.argument("release_id")
@click.option("--reason", required=True, help="Why; it goes on the record.")
def revoke(release_id: str, reason: str) -> None:
    """Take back the grant of RELEASE_ID: new requests are refused at once, running downloads stop within a second."""
    from gateway import clock
    from gateway.db import transaction
    from gateway.projects.grants import revoke as take_back
    from gateway.release import queries
    from gateway.release.errors import NoSuchRelease
    from gateway.trail.record import SYSTEM

    with transaction() as db:
        found = queries.release(db, release_id)
        if found is None:
            raise NoSuchRelease
        grant = queries.grant_named(db, found.grant_id)
        take_back(db, by=SYSTEM, grant=grant, reason=reason, now=clock.now())
    click.echo("access is revoked")


@release.command()
@click.argument("release_id")
@click.argument("destination")
@click.option("--to", "recipient", required=True, help="Email address of the project's member who gets it.")
def deliver(release_id: str, destination: str, recipient: str) -> None:
    """Write RELEASE_ID to DESTINATION, a folder or s3://bucket/prefix. Run again, it goes on where it was."""
    from pathlib import Path

    from gateway import clock
    from gateway.db import reading, transaction
    from gateway.errors import NotFound
    from gateway.people.queries import account_by_email
    from gateway.release import queries
    from gateway.release.delivering import begin
    from gateway.release.errors import NoSuchRelease
    from gateway.release.models import Delivery
    from gateway.trail.record import SYSTEM

    place = destination if "://" in destination else str(Path(destination).resolve())
    with transaction() as db:
        found, account = queries.release(db, release_id), account_by_email(db, recipient)
        if found is None:
            raise NoSuchRelease
        if account is None:
            raise NotFound("nobody has this email address")
        made = begin(db, by=SYSTEM, release=found, recipient=account, destination=place, now=clock.now()).id
    _work_on(made)
    with reading() as db:
        if db.get_one(Delivery, made).done_at is None:
            raise NotDelivered
    click.echo(f"delivered, with the digests of all files in {destination.rstrip('/')}/SHA256SUMS")


def _work_on(delivery_id: str) -> None:
    """Do what is due in the queue, and show how far the delivery is."""
    import threading

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gateway.cli.jobs import ROOMS
    from gateway.db import reading
    from gateway.jobs.cluster import lanes
    from gateway.jobs.rounds import open_rooms
    from gateway.jobs.worker import Worker
    from gateway.release.delivering import progress

    open_rooms(ROOMS)  # a model that one thread imports while another asks the database is half a model
    columns = (TextColumn("delivering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with lanes() as found, Progress(*columns, transient=True) as shown:
        bar = shown.add_task("delivering", total=None)
        work = threading.Thread(target=Worker(found, rooms=ROOMS).run_once)
        work.start()
        while work.is_alive():
            work.join(0.5)
            with reading() as db:
                there, every = progress(db, delivery_id)
            shown.update(bar, completed=there, total=every)
