"""Bulk delivery: a release written to a folder or bucket by work items, each instance under a lease of its own.

    DESTINATION/<study>/<series>/<instance>.dcm, and SHA256SUMS once all of them are there

An instance is done when its file is whole and durable and its row is committed; a run that was killed goes on behind
the last row. Grant, consent and policies are asked for each band of instances, and twice a second while bytes flow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import reading, transaction
from gateway.errors import Conflict, NotFound, Withheld
from gateway.jobs.queue import enqueue
from gateway.people.models import Account
from gateway.release import visits
from gateway.release.models import Delivered, Delivery, ManifestEntry, Release
from gateway.release.streams import Leased, Stream, Watch
from gateway.release.targets import Target, target_at
from gateway.release.visits import Visit
from gateway.trail.record import Actor, record

BAND = 50  # instances of a work item
SUMS = "SHA256SUMS"
KIND = "release.deliver"


class SomethingElseThere(Conflict):
    """A file of another size lies where an instance belongs: nothing is overwritten."""

    code = "something-else-there"
    title = "Something else lies at the destination under the name of an instance"


def begin(db: Session, *, by: Actor, release: Release, recipient: Account, destination: str, now: datetime) -> Delivery:
    """Queue the delivery of a release; one that is under way to the same place is given back.

    Raises BadTarget, PolicyChanged, and what `admit` raises where the recipient may not read the release.
    """
    target_at(destination)
    visits.on_behalf(db, release, recipient, session="")
    same = select(Delivery).where(
        Delivery.release_id == release.id,
        Delivery.account_id == recipient.id,
        Delivery.destination == destination,
        Delivery.done_at.is_(None),
    )
    known = db.scalars(same).first()
    if known is not None:
        return known
    made = Delivery(release_id=release.id, account_id=recipient.id, destination=destination, begun_at=now)
    db.add(made)
    db.flush()
    last = db.scalar(select(func.max(ManifestEntry.position)).where(ManifestEntry.release_id == release.id))
    for first in range(0, (last if last is not None else -1) + 1, BAND):
        enqueue(db, kind=KIND, payload={"delivery": made.id, "first": first}, now=now)
    detail = {"release": release.id, "delivery": made.id, "recipient": recipient.id, "images": release.released}
    record(
        db, action="release.delivery-begun", actor=by, now=now, project=release.project_id, subject=release.id,
        detail=detail,
    )  # fmt: skip
    return made


def deliver(delivery_id: str, first: int) -> None:
    """Write what is missing of one band; harmless twice. Raises what keeps an instance from leaving."""
    with reading() as db:
        delivery = db.get(Delivery, delivery_id)
        if delivery is None:
            raise NotFound("There is no such delivery.")
        release, recipient = db.get_one(Release, delivery.release_id), db.get_one(Account, delivery.account_id)
        visit = visits.on_behalf(db, release, recipient, session=f"delivery:{delivery.id}")
        missing = visits.consenting(db, release, _missing(db, delivery, first))
    target, watch = target_at(delivery.destination), Watch(visit)
    for entry in missing:
        _write(delivery, entry, visit, watch, target)
    _finish(delivery, target, visit)


def _name(entry: ManifestEntry) -> str:
    return f"{entry.study_uid}/{entry.series_uid}/{entry.uid}.dcm"


def _missing(db: Session, delivery: Delivery, first: int) -> list[ManifestEntry]:
    band = select(ManifestEntry).where(
        ManifestEntry.release_id == delivery.release_id,
        ManifestEntry.released,
        ManifestEntry.position.between(first, first + BAND - 1),
    )
    found = list(db.scalars(band.order_by(ManifestEntry.position)))
    names = [_name(each) for each in found]
    here = select(Delivered.name).where(Delivered.delivery_id == delivery.id, Delivered.name.in_(names))
    done = set(db.scalars(here))
    return [entry for entry, name in zip(found, names, strict=True) if name not in done]


def _write(delivery: Delivery, entry: ManifestEntry, visit: Visit, watch: Watch, target: Target) -> None:
    name, digest = _name(entry), hashlib.sha256()
    if target.size(name) not in (None, entry.size):
        raise SomethingElseThere
    with ExitStack() as held:
        with reading() as db:
            found = visits.find(db, visit, entry.uid)
            opened = held.enter_context(visits.opened(db, visit, found))
        with visits.recorded_refusal(visit.actor, visit.release, entry.uid):
            if opened.length != entry.size:
                raise Withheld("The archive has changed this image since the release was made.")
        leased = Leased(visits.lease(visit, found, "instance"), [(0, opened.length)])
        stream = Stream(opened.rope, watch, leased, 0, opened.length, held.pop_all().close)
    try:
        target.put(name, _hashed(stream, digest))
    finally:
        stream.close()
    with transaction() as db:
        db.add(Delivered(delivery_id=delivery.id, name=name, size=entry.size, sha256=digest.hexdigest()))


def _hashed(stream: Stream, digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in stream:
        digest.update(piece)
        yield piece


def _finish(delivery: Delivery, target: Target, visit: Visit) -> None:
    """After the last band: the sums, and the end on the record."""
    with reading() as db:
        rows = list(db.scalars(select(Delivered).where(Delivered.delivery_id == delivery.id).order_by(Delivered.name)))
        released = select(ManifestEntry).where(ManifestEntry.release_id == delivery.release_id, ManifestEntry.released)
        expected = {_name(each) for each in visits.consenting(db, visit.release, list(db.scalars(released)))}
    if not expected <= {row.name for row in rows}:
        return
    target.put(SUMS, (f"{row.sha256}  {row.name}\n".encode() for row in rows))
    with transaction() as db:
        here = db.get_one(Delivery, delivery.id)
        if here.done_at is not None:
            return
        here.done_at = clock.now()
        detail = {
            "release": visit.release.id,
            "delivery": here.id,
            "images": len(rows),
            "bytes": sum(r.size for r in rows),
        }
        record(
            db, action="release.delivered", actor=visit.actor, now=here.done_at, project=visit.release.project_id,
            subject=visit.release.id, detail=detail,
        )  # fmt: skip


def progress(db: Session, delivery_id: str) -> tuple[int, int]:
    """(images there, images in all). Index: pk_delivered."""
    delivery = db.get_one(Delivery, delivery_id)
    there = db.scalar(select(func.count()).where(Delivered.delivery_id == delivery_id)) or 0
    return there, db.get_one(Release, delivery.release_id).released
