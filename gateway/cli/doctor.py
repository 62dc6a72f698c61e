"""`slidegate doctor`: what is well with this deployment, what is not, and what to do about it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for programs.")
def doctor(as_json: bool) -> None:
    """Look over this deployment: settings, database, keys, policies, archives, disk, clock, record, mail, engines.

    Exit 0 if nothing failed, 1 if something did. Nothing that is printed names a person or a secret.
    """
    from gateway import clock
    from gateway.cli.examining import Finding, examine
    from gateway.settings import BadSetting, current

    try:
        settings = current()
    except BadSetting as refusal:
        found = [Finding("settings", "fail", refusal.message, "mend the settings file or the variable")]
    else:
        found = [Finding("settings", "ok", "they can be read"), *examine(settings, clock.now())]
    failed = any(each.state == "fail" for each in found)
    if as_json:
        click.echo(json.dumps({"well": not failed, "findings": [asdict(each) for each in found]}))
    else:
        for each in found:
            mark = click.style(f"{each.state:4}", fg=COLOURS[each.state])
            click.echo(f"{mark}  {each.name:13} {each.found}{f'; {each.todo}' if each.todo else ''}")
    sys.exit(1 if failed else 0)
