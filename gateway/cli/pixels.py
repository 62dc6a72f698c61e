"""`slidegate pixels`: look for burnt-in text and codes in files, without a gateway."""

from __future__ import annotations

from pathlib import Path

import click

PATH = click.Path(path_type=Path)


@click.group()
def pixels() -> None:
    """Burnt-in text and codes in pixels."""


@pixels.command()
@click.argument("src", type=PATH)
@click.option("--report", type=PATH, required=True, help="A JSON file; beside it goes an HTML page with pictures.")
def scan(src: Path, report: Path) -> None:
    """Look at every image below SRC. Run again, it goes on where it was.

    The report shows what was found: keep it safe.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gateway.cli.scanning import scan_folder
    from gateway.errors import Invalid, NotFound

    if not src.is_dir():
        raise NotFound("the folder does not exist")
    if report.resolve().is_relative_to(src.resolve()):
        raise Invalid("the report must not lie inside the folder that is scanned")
    columns = (TextColumn("looking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("scan", total=None)
        done = scan_folder(src, report, progress=lambda at, of: bar.update(task, completed=at, total=of))
    click.echo(", ".join(f"{count} {state}" for state, count in sorted(done.items())) + f"; see {report.name}")
