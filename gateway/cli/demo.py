"""`slidegate demo`: a gateway with made-up hospitals, patients and slides, ready to sign in to."""

from __future__ import annotations

import os
from pathlib import Path

import click

DEMO_DIR = Path("var/demo")


@click.command()
@click.option("--port", type=int, default=8000, show_default=True, help="Port to serve on.")
@click.option("--data-only", is_flag=True, help="Make the data; do not serve it.")
@click.option("--directory", type=click.Path(path_type=Path), default=DEMO_DIR, show_default=True)
@click.option("--scale", type=float, default=1.0, show_default=True, help="Size of the slides, 1.0 is full.")
def demo(port: int, data_only: bool, directory: Path, scale: float) -> None:
    """Make the demo (once) and serve it."""
    base_url = f"http://127.0.0.1:{port}"
    values = {
        "SLIDEGATE_DATA_DIR": str(directory.resolve()),
        "SLIDEGATE_BASE_URL": base_url,
        "SLIDEGATE_SECURE_COOKIES": "false",
        "SLIDEGATE_PORT": str(port),
    }
    os.environ.update(values)  # the gunicorn and jobs processes inherit these

    from gateway.demo.seed import ensure_demo
    from gateway.demo.story import who_can_sign_in

    described = ensure_demo(directory, base_url=base_url, scale=scale, say=click.echo)
    click.echo(who_can_sign_in(described))
    if not data_only:
        from gateway.cli.serve import run

        click.echo(f"serving at {base_url}  (Ctrl-C stops it)")
        run(port=port)
