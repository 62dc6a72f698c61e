"""`slidegate deid`: de-identify files without a gateway, and explain what a policy does to one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.deid.keys import ProjectKeys
    from gateway.deid.trace import Step

PATH = click.Path(path_type=Path)
POLICY = click.option("--policy", "-p", required=True, help="Name of a recipe in policies/deid, without .dicom.")
KEY_FILE = click.option(
    "--key-file", type=PATH, help="Secret that pseudonyms come from; made if it is not there. Default: the gateway's."
)


class DeidGroup(click.Group):
    """`deid SRC DST` is `deid run SRC DST`, so that the common case has the short form."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and "--help" not in args:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=DeidGroup)
def deid() -> None:
    """De-identify SRC into DST (slidegate deid SRC DST --policy P), or explain a policy on one file."""


@deid.command("run")
@click.argument("src", type=PATH)
@click.argument("dst", type=PATH)
@POLICY
@KEY_FILE
@click.option("--pixels-checked", is_flag=True, help="Somebody has looked at the pixels: do not apply the pixel rules.")
@click.option("--sources", type=PATH, help="Also write here, outside DST, which source each line of the report is.")
def run(src: Path, dst: Path, policy: str, key_file: Path | None, pixels_checked: bool, sources: Path | None) -> None:
    """De-identify a file or folder SRC into DST. A folder gets a report.csv; run again, it goes on where it was."""
    from gateway.cli.offline import Job, deidentify_file, deidentify_folder
    from gateway.errors import Invalid, NotFound
    from gateway.settings import current

    if not src.exists():
        raise NotFound("the source does not exist")
    if dst.resolve() == src.resolve() or dst.resolve().is_relative_to(src.resolve()):
        raise Invalid("the destination must not be the source or lie inside it")
    if sources is not None and sources.resolve().is_relative_to(dst.resolve()):
        raise Invalid("the list of sources names what DST must not: keep it outside DST")
    job = Job(current().policies_dir, policy, _keys(key_file), pixels_checked)
    job.load()  # a wrong policy is refused before a key is asked for or anything is written
    try:
        if src.is_dir():
            done = deidentify_folder(src, dst, job, sources=sources)
            click.echo(f"{done.released} released, {done.withheld} withheld, {done.broken} unreadable; see report.csv")
        else:
            deidentify_file(src, dst, job)
    except OSError as error:
        raise Invalid(f"the files cannot be read or written: {error.strerror}") from None


@deid.command("explain")
@click.argument("file", type=PATH)
@POLICY
@KEY_FILE
def explain(file: Path, policy: str, key_file: Path | None) -> None:
    """Show each element of FILE: before, action, after, and the rule. What is shown identifies the patient."""
    from gateway.deid.explain import explain as steps_of
    from gateway.deid.plan import load_plan
    from gateway.dicom.header import read_header
    from gateway.dicom.source import FileSource
    from gateway.errors import NotFound
    from gateway.settings import current

    plan = load_plan(current().policies_dir, policy)
    if not file.is_file():
        raise NotFound("the file does not exist")
    source = FileSource(file)
    try:
        steps = steps_of(read_header(source), plan, _keys(key_file))
    finally:
        source.close()
    _show(steps, f"{plan.name}, {plan.sha256[:12]}: {plan.summary}")


def _keys(key_file: Path | None) -> ProjectKeys:
    from gateway.cli.offline import keys_of

    return keys_of(key_file)


def _show(steps: list[Step], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    table = Table("Tag", "Attribute", "Before", "Action", "After", "Rule", title=title)
    colours = {"keep": "green", "keep items": "green", "remove": "red", "blank": "yellow"}
    for step in steps:
        action = Text(step.action, style=colours.get(step.action, "cyan"))
        name = "  " * step.depth + step.name
        table.add_row(step.tag, name, Text(step.before), action, Text(step.after), step.rule)
    console.print(table)
