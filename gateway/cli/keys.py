"""`slidegate keys`: a new master key, and a check of all keys."""

from __future__ import annotations

import click


@click.group()
def keys() -> None:
    """The master key, which opens all other keys."""


@keys.command()
def rotate() -> None:
    """Put a new master key in the place of the present one. No pseudonym and no UID changes.

    A rotation that was cut off is finished instead. Back the new key file up, apart from the database.
    """
    from gateway import clock
    from gateway.projects.keys_rotation import rotate as rotated
    from gateway.settings import current
    from gateway.trail.record import SYSTEM

    done = rotated(by=SYSTEM, now=clock.now())
    click.echo(f"master key {done.former} is replaced by {done.present}; back up {current().master_key_file}")


@keys.command()
def check() -> None:
    """Open every key once, and say what was found."""
    from gateway.db import reading
    from gateway.projects.keys_rotation import check as checked

    with reading() as db:
        found = checked(db)
    click.echo(f"master key {found.kek_id}, in use since {found.made_at:%Y-%m-%d}, opens the data key")
    click.echo(f"{found.patients} patient keys open, {found.forgotten} are destroyed")
    if found.unfinished:
        click.echo("a rotation was cut off: run `slidegate keys rotate` to finish it")
