"""Bulk delivery: a release written to a folder or bucket by work items, each instance under a lease of its own.

    DESTINATION/<study>/<series>/<instance>.dcm, and SHA256SUMS once all of them are there

An instance is done when its file is whole and durable and its row is committed; a run that was killed goes on behind
the last row. Grant, consent and policies are asked for each band of instances, and twice a second while bytes flow.
Whoever ends the last band that is open writes the sums.
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
from gateway.jobs.models import State, WorkItem
from gateway.jobs.queue import enqueue, retry
from gateway.people.models import Account
from gateway.release import visits
from gateway.release.delivered import BAND, any_band, missing, name_of, open_bands, sums, totals
from gateway.release.models import Delivered, Delivery, DeliveryBand, ManifestEntry, Release
from gateway.release.streams import Leased, Stream, Watch
from gateway.release.targets import Target, target_at
from gateway.release.visits import Visit
from gateway.trail.record import Actor, record

SUMS = "SHA256SUMS"
KIND = "release.deliver"


class SomethingElseThere(Conflict):
    """A file of another size lies where an instance belongs: nothing is overwritten."""

    code = "something-else-there"
    title = "Something else lies at the destination under the name of an instance"


def begin(db: Session, *, by: Actor, release: Release, recipient: Account, destination: str, now: datetime) -> Delivery:
    """Queue the delivery of a release; one that is under way to the same place goes on, also where it had failed.

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
        _go_on(db, by, known, now)
        return known
    made = Delivery(release_id=release.id, account_id=recipient.id, destination=destination, begun_at=now)
    db.add(made)
    db.flush()
    last = db.scalar(select(func.max(ManifestEntry.position)).where(ManifestEntry.release_id == release.id))
    for first in range(0, (last if last is not None else -1) + 1, BAND):
        _queue(db, DeliveryBand(delivery_id=made.id, first=first), now)
    detail = {"release": release.id, "delivery": made.id, "recipient": recipient.id, "images": release.released}
    record(
        db, action="release.delivery-begun", actor=by, now=now, project=release.project_id, subject=release.id,
        detail=detail,
    )  # fmt: skip
    return made


def _queue(db: Session, band: DeliveryBand, now: datetime) -> None:
    payload = {"delivery": band.delivery_id, "first": band.first}
    band.item_id = enqueue(db, kind=KIND, payload=payload, now=now).id
    db.add(band)


def _go_on(db: Session, by: Actor, delivery: Delivery, now: datetime) -> None:
    """Queue anew what failed, at once what waits for another attempt, and where all is there what ends it."""
    for band in open_bands(db, delivery.id) or any_band(db, delivery.id):
        item = db.get(WorkItem, band.item_id)
        if item is None or item.state == State.DONE:
            _queue(db, band, now)
        elif item.state == State.FAILED:
            retry(db, by=by, item_id=item.id, now=now)
        elif item.state == State.QUEUED:
            item.not_before = min(item.not_before, now)


def deliver(delivery_id: str, first: int) -> None:
    """Write what is missing of one band; harmless twice. Raises what keeps an instance from leaving."""
    with reading() as db:
        delivery = db.get(Delivery, delivery_id)
        if delivery is None:
            raise NotFound("There is no such delivery.")
        release, recipient = db.get_one(Release, delivery.release_id), db.get_one(Account, delivery.account_id)
        visit = visits.on_behalf(db, release, recipient, session=f"delivery:{delivery.id}")
        wanted = visits.consenting(db, release, missing(db, delivery, first, first + BAND))
    target, watch = target_at(delivery.destination), Watch(visit)
    for entry in wanted:
        _write(delivery, entry, visit, watch, target)
    with transaction() as db:
        band = db.get_one(DeliveryBand, (delivery.id, first))
        band.done_at = band.done_at or clock.now()
        db.flush()
        last = not open_bands(db, delivery.id)
    if last:
        _late(delivery, visit, watch, target)
        _finish(delivery, target, visit)


def _late(delivery: Delivery, visit: Visit, watch: Watch, target: Target) -> None:
    """What was released after its band was done."""
    first = 0
    while True:
        with reading() as db:
            found = missing(db, delivery, first)
            wanted = visits.consenting(db, visit.release, found)
        if not found:
            return
        for entry in wanted:
            _write(delivery, entry, visit, watch, target)
        first = found[-1].position + 1


def _write(delivery: Delivery, entry: ManifestEntry, visit: Visit, watch: Watch, target: Target) -> None:
    name, digest = name_of(entry), hashlib.sha256()
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
    target.put(SUMS, sums(delivery.id))
    with transaction() as db:
        here = db.get_one(Delivery, delivery.id)
        if here.done_at is not None:
            return
        here.done_at, there = clock.now(), totals(db, here.id)
        release = visit.release
        detail = {"release": release.id, "delivery": here.id, "images": there.images, "bytes": there.bytes}
        record(
            db, action="release.delivered", actor=visit.actor, now=here.done_at, project=release.project_id,
            subject=release.id, detail=detail,
        )  # fmt: skip


def progress(db: Session, delivery_id: str) -> tuple[int, int]:
    """(images there, images in all). Index: pk_delivered."""
    delivery = db.get_one(Delivery, delivery_id)
    return totals(db, delivery_id).images, db.get_one(Release, delivery.release_id).released
