"""`slidegate jobs`: do the work that is queued, list it, try failed work again."""

from __future__ import annotations

import click

ROOMS = (  # importing these registers their handlers and rounds
    "gateway.notices.jobs",
    "gateway.webhooks.jobs",
    "gateway.projects.ending",
    "gateway.projects.training_ending",
    "gateway.governance.automatic",
    "gateway.governance.reminding",
    "gateway.governance.meeting_reading",
    "gateway.transparency.reminding",
    "gateway.release.jobs",
    "gateway.release.withdrawals",
    "gateway.screening.jobs",
    "gateway.audit.jobs",
)


@click.group()
def jobs() -> None:
    """The work that is done behind the pages."""


@jobs.command()
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
def work(once: bool) -> None:
    """Do queued work until stopped, remind people, and sign the audit log as it grows."""
    import threading

    from gateway import clock
    from gateway.jobs.cluster import lanes
    from gateway.jobs.rounds import all_once, keep_on, open_rooms
    from gateway.jobs.stopping import when_told
    from gateway.jobs.worker import Worker
    from gateway.trail.recovery import recover
    from gateway.trail.sequencer import keep_up

    stop = when_told()
    open_rooms(ROOMS)
    recover(now=clock.now())
    if once:
        all_once(now=clock.now())
    else:
        threading.Thread(target=keep_on, args=(stop, clock.now), name="rounds", daemon=True).start()
        threading.Thread(target=keep_up, args=(stop, clock.now), name="sequencer", daemon=True).start()
    with lanes() as found:
        worker = Worker(found, rooms=ROOMS)
        if once:
            click.echo(f"tried {worker.run_once()} work items")
        else:
            worker.run(stop)


@jobs.command("list")
@click.option("--state", type=click.Choice(["queued", "running", "done", "failed"]), default=None)
def list_items(state: str | None) -> None:
    """List the newest work items."""
    from rich.console import Console
    from rich.table import Table

    from gateway.db import reading
    from gateway.jobs.models import State
    from gateway.jobs.queries import items

    table = Table("id", "kind", "state", "attempts", "created", "reason")
    with reading() as db:
        for item in items(db, State(state) if state else None):
            created = f"{item.created_at:%Y-%m-%d %H:%M:%S}"
            table.add_row(item.id, item.kind, item.state, str(item.attempts), created, item.reason or "")
    Console().print(table)


@jobs.command()
@click.argument("item")
def retry(item: str) -> None:
    """Queue the failed work item ITEM again."""
    from gateway import clock
    from gateway.db import transaction
    from gateway.jobs.queue import retry as again
    from gateway.trail.record import SYSTEM

    with transaction() as db:
        again(db, by=SYSTEM, item_id=item, now=clock.now())
    click.echo("queued again")
