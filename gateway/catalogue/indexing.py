"""Index an archive: read what is new or changed, in batches that each commit, so that it can be stopped at will."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from gateway import db
from gateway.archive.connect import ArchiveError, ObjectRef, connect
from gateway.catalogue import commands, queries
from gateway.catalogue.reading import read_facts
from gateway.catalogue.sources import access
from gateway.trail.record import Actor

BATCH = 200


@dataclass(frozen=True, slots=True)
class Indexed:
    """What one run did."""

    read: int
    unchanged: int
    broken: int
    gone: int


def index_archive(
    *, by: Actor, name: str, now: datetime, progress: Callable[[int, int], None] | None = None
) -> Indexed:
    """Bring the catalogue up to date with an archive. `progress(done, of)` is called after each batch.

    Raises NotFound for an unknown archive, ArchiveError for one that cannot be listed or is empty.
    """
    with db.reading() as session:
        archive = queries.archive(session, name)
        known = queries.versions(session, archive.id)
    connected = connect(archive.uri, access())
    present = list(connected.objects())
    if not present:
        raise ArchiveError("the archive is empty: there is nothing to index")
    todo = [ref for ref in present if known.get(ref.locator) != ref.version]
    done = broken = 0
    with ThreadPoolExecutor(4) as pool:
        for batch in _batches(todo):
            found = list(zip(batch, pool.map(lambda ref: read_facts(connected, ref), batch), strict=True))
            with db.transaction() as session:
                broken += commands.note_objects(session, archive=archive, found=found)
            done += len(batch)
            if progress:
                progress(done, len(todo))
    counts = {"read": done, "unchanged": len(present) - done, "broken": broken}
    with db.transaction() as session:
        seen = [ref.locator for ref in present]
        gone = commands.finish_index(session, by=by, archive=archive, seen=seen, counts=counts, now=now)
    return Indexed(done, len(present) - done, broken, gone)


def _batches(refs: Sequence[ObjectRef]) -> Iterator[list[ObjectRef]]:
    left = iter(refs)
    while batch := list(islice(left, BATCH)):
        yield batch
