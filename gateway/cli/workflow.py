"""`slidegate workflow`: check the rules of committees, and draw them."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def workflow() -> None:
    """The rules by which applications are judged: policies/workflows/."""


@workflow.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the stages of the workflow NAME, in order, once it is found to be without fault."""
    from gateway.governance.workflow import read_workflow
    from gateway.settings import current

    rules = read_workflow(current().policies_dir, name)
    click.echo(f"{rules.name}, version {rules.version}: {rules.title}")
    for each in rules.stages:
        click.echo(f"{each.step}. {each.title} ({each.role})")
    for rule in rules.automatic:
        click.echo(f"by itself: {rule.when} for {rule.days} days, then {rule.then}")


@workflow.command()
@click.argument("name")
def diagram(name: str) -> None:
    """Print the state diagram of the workflow NAME (Mermaid)."""
    from gateway.governance.diagram import diagram as drawn
    from gateway.governance.workflow import read_workflow
    from gateway.settings import current

    click.echo(drawn(read_workflow(current().policies_dir, name)), nl=False)


@workflow.command()
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def redraw(document: Path) -> None:
    """Draw the diagrams of the Markdown file DOCUMENT anew, each below the heading that is its workflow's name."""
    from gateway.governance.diagram import redrawn
    from gateway.governance.workflow import read_workflow
    from gateway.settings import current

    names = sorted(each.stem for each in (current().policies_dir / "workflows").glob("*.toml"))
    text = document.read_text("utf-8")
    document.write_text(redrawn(text, [read_workflow(current().policies_dir, each) for each in names]), "utf-8")
    click.echo(f"drew {', '.join(names)}")
