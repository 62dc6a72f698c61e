"""`slidegate audit`: take the log away, and check what was taken."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.audit.search import Search
    from gateway.audit.verify import Head


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command()
@click.option("--format", "form", type=click.Choice(["ndjson", "csv", "fhir", "atna", "html", "bundle"]), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--project", default="", help="Only events of this project.")
@click.option("--since", type=click.DateTime(), default=None, help="Only events from then on, UTC.")
@click.option("--until", type=click.DateTime(), default=None, help="Only events before then, UTC.")
@click.option("--redacted", is_flag=True, help="Leave out the names of people; it still verifies.")
@click.option("--forms", default="all", help='Forms for reading in a bundle, such as "csv,html"; "none" is quickest.')
def export(
    form: str, out: Path, project: str, since: datetime | None, until: datetime | None, redacted: bool, forms: str
) -> None:
    """Write the log, or a part of it, to a file in the folder OUT.

    A bundle is a folder of its own in it, with the checkpoint, proofs and keys that `slidegate-verify` needs.
    """
    from gateway import clock
    from gateway.audit.commands import exporting, note
    from gateway.audit.exports import forms_named, pieces, write
    from gateway.audit.search import Search
    from gateway.db import reading, transaction
    from gateway.trail.record import SYSTEM

    now, beside = clock.now(), forms_named(forms)
    search = Search(
        project=project,
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
    )
    with transaction() as db:
        note(db, look=exporting(by=SYSTEM, search=search, form=form, named=not redacted, now=now))
    if form == "bundle":
        click.echo(_bundle(out / f"audit-{now:%Y%m%dT%H%M%SZ}", search, beside, named=not redacted, now=now))
        return
    with reading() as db:
        name = f"audit-{now:%Y%m%dT%H%M%SZ}.{form}"
        path = write(out, name, lambda: pieces(db, form, search, named=not redacted, now=now))
    click.echo(path)


def _bundle(folder: Path, search: Search, forms: tuple[str, ...], *, named: bool, now: datetime) -> Path:
    from gateway.audit.bundle import write
    from gateway.audit.contents import Asked
    from gateway.db import reading
    from gateway.trail.sequencer import sequence

    sequence(now=now)
    with reading() as db:
        write(db, folder, Asked(search, forms, named, now))
    return folder


@audit.command()
def checkpoint() -> None:
    """Sign the log as it stands, and print the checkpoint: note it elsewhere, and it can never be taken back."""
    from gateway import clock
    from gateway.audit.contents import NothingSigned
    from gateway.trail.sequencer import sequence

    signed = sequence(now=clock.now())
    if signed is None:
        raise NothingSigned
    click.echo(signed.note, nl=False)


@audit.command("rotate-key")
def rotate_key() -> None:
    """Sign with a new key from now on; the former one keeps proving what it signed."""
    from gateway import clock
    from gateway.db import transaction
    from gateway.trail.record import SYSTEM
    from gateway.trail.sequencer import sequence
    from gateway.trail.signing import begin_rotation, end_rotation

    now = clock.now()
    sequence(now=now)
    with transaction() as db:
        key = begin_rotation(db, by=SYSTEM, now=now)
    end_rotation()
    sequence(now=now)
    click.echo(f"checkpoints are signed by key {key} now")


@audit.command("erase-openings")
@click.option("--person", default="", help="Of this account: its email address or its id.")
@click.option("--project", default="", help="Of all events of the project with this id.")
@click.option("--reason", type=click.Choice(["retention", "ordered"]), required=True)
@click.confirmation_option(prompt="Names that are erased can never be told again. Go on?")
def erase(person: str, project: str, reason: str) -> None:
    """Erase the names, addresses and words that the record holds of a person, or in a project; the events stay.

    For "retention" only those older than the setting openings_kept_days; all of them if a court or a regulator
    "ordered" it. What was done is on the record; bundles made before and after verify.
    """
    from rich.progress import track

    from gateway import clock
    from gateway.audit.erasing import EVENTS, erase_openings, of_person, of_project
    from gateway.audit.queries import head
    from gateway.db import reading, transaction
    from gateway.trail.record import SYSTEM

    if bool(person) is bool(project):
        raise click.UsageError("give either --person or --project")
    with reading() as db:
        whose = of_person(db, person) if person else of_project(db, project)
        last = head(db).seq
    erased = 0
    for after in track(range(0, last, EVENTS), "erasing", transient=True):
        until = min(after + EVENTS, last)
        with transaction() as db:
            erased += erase_openings(
                db, by=SYSTEM, whose=whose, reason=reason, after=after, until=until, now=clock.now()
            )
    click.echo(f"{erased:,} openings are erased")


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def verifier(file: Path | None) -> None:
    """Write `slidegate-verify` to FILE: one file, for Python with the package cryptography; prints its SHA-256."""
    import hashlib

    from gateway.audit.exports import CannotWrite
    from gateway.audit.standalone import NAME
    from gateway.audit.standalone import verifier as made

    raw, file = made(), file or Path(NAME)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
    except OSError:
        raise CannotWrite from None
    click.echo(f"{hashlib.sha256(raw).hexdigest()}  {file}")


@audit.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--head", "stated", default="", help="The last event as told by somebody else: SEQ:HASH.")
def verify(file: Path | None, stated: str) -> None:
    """Check an NDJSON export FILE, or without one the log in the database."""
    from gateway.audit.verify import NotWhole
    from gateway.audit.verify import verify as verified

    if file is None:
        from gateway.audit.chain import check
        from gateway.db import reading

        with reading() as db:
            verdict = check(db).verdict
    else:
        with file.open(encoding="utf-8", errors="replace") as lines:
            verdict = verified(lines, head=_head(stated))
    for fault in verdict.faults:
        click.echo(f"{fault.kind}: {fault.text}", err=True)
    if not verdict.whole:
        raise NotWhole
    click.echo(f"the chain is whole: {verdict.events:,} events, last hash {verdict.head.hash}")
    if file is not None and verdict.shown < verdict.events:
        click.echo(f"{verdict.shown:,} events are shown; the others are hidden, and none is missing")
    if file is not None and not stated:
        click.echo("the end is as the file itself states it; give --head to check it against another's word")


def _head(stated: str) -> Head | None:
    from gateway.audit.verify import Head

    seq, _, digest = stated.partition(":")
    if not stated:
        return None
    if not seq.isdigit() or len(digest) != 64:
        raise click.BadParameter("give the number of the last event, a colon and its hash", param_hint="--head")
    return Head(int(seq), digest)
