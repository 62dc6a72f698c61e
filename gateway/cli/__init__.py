"""`slidegate ...`: one file for each group of commands, loaded when it is first needed."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from gateway import turns
from gateway.errors import SlidegateError

COMMANDS = {  # name -> module.attribute; the order is that of the help page
    "serve": "serve.serve",
    "demo": "demo.demo",
    "db": "db.db",
    "archive": "archive.archive",
    "dataset": "archive.dataset",
    "deid": "deid.deid",
    "pixels": "pixels.pixels",
    "release": "release.release",
    "keys": "keys.keys",
    "jobs": "jobs.jobs",
    "consent": "consent.consent",
    "optout": "consent.optout",
    "audit": "audit.audit",
    "workflow": "workflow.workflow",
    "account": "account.account",
    "token": "account.token",
    "doctor": "doctor.doctor",
}


class Rooms(click.Group):
    """Finds a command's file by name, so that `slidegate --help` imports nothing heavy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(".")
        command: click.Command = getattr(import_module(f"gateway.cli.{module}"), attribute)
        return command


@click.group(cls=Rooms)
@click.version_option(package_name="slidegate")
def slidegate() -> None:
    """Slidegate: the governed door in front of a slide archive."""


def main() -> None:
    """Run a command: exit 0 done, 1 refused or failed with one clear line, 2 wrong usage."""
    try:
        with turns.at_most(turns.PATIENT):
            slidegate(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except SlidegateError as error:
        click.echo(f"slidegate: {error.message} [{error.code}]", err=True)
        sys.exit(1)
