"""`slidegate db`: make or move the database's tables."""

from __future__ import annotations

import click


@click.group()
def db() -> None:
    """The database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version's tables; safe to repeat."""
    from gateway.migrate import upgrade as run

    run()
    click.echo("the database is up to date")


@db.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the database back to REVISION ('base': no tables at all)."""
    from gateway.migrate import downgrade as run

    run(revision)
    click.echo(f"the database is at {revision}")
