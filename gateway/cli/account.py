"""`slidegate account` and `slidegate token`: accounts and tokens from the command line."""

from __future__ import annotations

import click


@click.group()
def account() -> None:
    """Accounts of people."""


@account.command()
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--organisation", default="")
@click.option("--role", "roles", multiple=True, help="A role of policies/roles.toml; may be given again.")
@click.password_option(help="Asked for if it is not given.")
def create(email: str, name: str, organisation: str, roles: tuple[str, ...], password: str) -> None:
    """Make an account."""
    from gateway.clock import now
    from gateway.db import transaction
    from gateway.people.commands import create_account
    from gateway.trail.record import SYSTEM

    with transaction() as db:
        made = create_account(
            db, by=SYSTEM, email=email, name=name, organisation=organisation, password=password, roles=roles, now=now()
        )
    click.echo(f"account {made.id} made with roles: {', '.join(sorted(made.role_keys)) or 'none'}")


@account.command("list")
def list_accounts() -> None:
    """Show everybody, with their roles."""
    from rich.console import Console
    from rich.table import Table

    from gateway.db import reading
    from gateway.people.queries import accounts

    table = Table("id", "email", "name", "roles", "state", box=None)
    with reading() as db:
        for each in accounts(db):
            state = "closed" if each.closed_at else "open"
            table.add_row(each.id, each.email, each.name, ", ".join(sorted(each.role_keys)), state)
    Console().print(table)


@click.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command("create")
@click.option("--email", required=True, help="Whose token it is.")
@click.option("--scope", default="account", show_default=True, help='"account", or "release:ID".')
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True)
@click.option("--label", default="made at the command line")
def create_token(email: str, scope: str, days: int, label: str) -> None:
    """Make a token and print its secret; it is shown this once."""
    from datetime import timedelta

    from gateway.clock import now
    from gateway.db import transaction
    from gateway.people.queries import NoSuchAccount, account_by_email
    from gateway.people.tokens import issue
    from gateway.trail.record import SYSTEM

    moment = now()
    with transaction() as db:
        owner = account_by_email(db, email)
        if owner is None:
            raise NoSuchAccount
        ends = moment + timedelta(days=days)
        _, secret = issue(db, account=owner, scope=scope, expires=ends, label=label, by=SYSTEM, now=moment)
    click.echo(secret)


@token.command("revoke")
@click.argument("token_id")
def revoke_token(token_id: str) -> None:
    """End a token now."""
    from gateway.clock import now
    from gateway.db import transaction
    from gateway.people.models import Token
    from gateway.people.tokens import NoSuchToken, revoke
    from gateway.trail.record import SYSTEM

    with transaction() as db:
        found = db.get(Token, token_id)
        if found is None:
            raise NoSuchToken
        revoke(db, by=SYSTEM, token=found, now=now())
    click.echo("the token is revoked")
