"""The bundle: a log of a million events taken under the tree, written out, and checked offline."""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from gateway import clock, db
from gateway.audit import bundle
from gateway.audit.contents import Asked
from gateway.audit.exports import FORMS
from gateway.audit.offline import layout
from gateway.audit.offline.check import check
from gateway.audit.search import EVERYTHING, Search
from gateway.migrate import upgrade
from gateway.settings import ROOT, Settings, use
from gateway.trail import sequencer
from gateway.trail.chain import GENESIS, SALT_BYTES, commitment, event_hash, leaf_hash
from gateway.trail.merkle import leaf, root_by_inclusion
from gateway.trail.models import Event, Opening
from gateway.trail.tree import Tree
from tests.benchmarks.rows import Row

EVENTS, BATCH, PROOFS, PROJECTS = 1_000_000, 10_000, 2_000, 10
PEOPLE = 50


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        use(replace(Settings(), data_dir=Path(folder)))
        db.bind(f"sqlite:///{folder}/bench.db")
        upgrade()
        fill(EVENTS)
        sequencer.sequence(now=clock.now())
        bare = _exported(Path(folder), "only events and proofs", Asked(EVERYTHING, (), named=False, now=clock.now()))
        verified = _verified(Path(folder) / "bundle")
        every = Asked(EVERYTHING, tuple(FORMS), named=True, now=clock.now())
        whole = _exported(Path(folder), "with names and all four forms", every)
        return [bare, verified, whole, *_of_a_project(Path(folder)), _proved()]


def fill(count: int) -> None:
    """A log of so many events of ten projects and fifty people, as the gateway would have written it."""
    events = _events(count)
    for _ in range(0, count, BATCH):
        batch = [each for _, each in zip(range(BATCH), events, strict=False)]
        with db.transaction() as session:
            session.execute(insert(Event), [event for event, _ in batch])
            session.execute(insert(Opening), [opening for _, openings in batch for opening in openings])


def _events(count: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    prev, begin, nonce = GENESIS, clock.now() - timedelta(days=30), secrets.token_hex(8)
    for seq in range(1, count + 1):
        at = begin + timedelta(seconds=seq)
        account, project, pseq = f"account{seq % PEOPLE}", f"project{seq % PROJECTS}", (seq - 1) // PROJECTS + 1
        openings = [_opening(seq, "email", f"{account}@example.org"), _opening(seq, "name", f"Doctor {account}")]
        email, name = (commitment(each["field"], each["salt"], each["value"]) for each in openings)
        told = {"release": f"release{seq % PROJECTS}", "instance": f"2.25.{seq}", "lease": seq, "frames": 3}
        body = json.dumps(
            {"action": "frames.sent", "actor": {"email": email, "id": account, "kind": "account", "name": name},
             "at": at.isoformat(timespec="microseconds").replace("+00:00", "Z"), "detail": dict(sorted(told.items())),
             "nonce": f"{nonce}{seq:016x}", "project": project, "pseq": pseq, "seq": seq, "subject": told["instance"],
             "v": 1}, separators=(",", ":"),
        )  # fmt: skip
        digest = event_hash(prev, leaf_hash(body))
        yield {
            "seq": seq, "at": at, "action": "frames.sent", "actor_kind": "account", "actor_id": account,
            "project": project, "pseq": pseq, "subject": told["instance"], "release_id": told["release"],
            "instance_uid": told["instance"], "lease_seq": seq, "body": body, "prev": prev, "hash": digest,
        }, openings  # fmt: skip
        prev = digest


def _opening(seq: int, field: str, value: str) -> dict[str, Any]:
    return {"seq": seq, "field": f"actor.{field}", "salt": secrets.token_bytes(SALT_BYTES), "value": value}


def _exported(folder: Path, what: str, asked: Asked) -> Row:
    shutil.rmtree(folder / "bundle", ignore_errors=True)
    start = time.perf_counter()
    with db.reading() as session:
        bundle.write(session, folder / "bundle", asked)
    ours = time.perf_counter() - start
    return Row("audit", f"bundle of 1,000,000 events, exported, {what}", ours, "s", "copying its files",
               ours / _copied(folder), "<= 15 s", ours <= 15)  # fmt: skip


def _copied(folder: Path) -> float:
    """Seconds that a copy of the bundle takes until it is on the disk."""
    start = time.perf_counter()
    shutil.copytree(folder / "bundle", folder / "copied")
    for path in (folder / "copied").iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    copied = time.perf_counter() - start
    shutil.rmtree(folder / "copied")
    return copied


def _of_a_project(folder: Path) -> list[Row]:
    """One project of ten, and what a million of its events would take."""
    search = Search(project="project1")
    asked = Asked(search, (), named=False, now=clock.now())
    exported = _exported(folder, "", asked)
    seconds = exported.value * PROJECTS
    start = time.perf_counter()
    found = check(folder / "bundle")
    checked = (time.perf_counter() - start) * PROJECTS
    assert found.sound, found.faults
    name = "bundle of one project, 100,000 events of 1,000,000, ten times its"
    return [
        replace(exported, name=f"{name} export", value=seconds, met=seconds <= 15),
        Row("audit", f"{name} check", checked, "s", "its export", checked / seconds, "<= 10 s", checked <= 10),
    ]


def _verified(folder: Path) -> Row:
    start = time.perf_counter()
    found = check(folder)
    ours = time.perf_counter() - start
    assert found.sound, found.faults
    start = time.perf_counter()
    with (folder / layout.EVENTS).open("rb") as lines:
        for line in lines:
            hashlib.sha256(line).digest()
            json.loads(line)
    peer = time.perf_counter() - start
    return Row("audit", "bundle of 1,000,000 events, verified offline", ours, "s", "hashing and parsing its lines",
               ours / peer, "<= 10 s", ours <= 10)  # fmt: skip


def _proved() -> Row:
    with db.reading() as session:
        newest = sequencer.newest(session)
        assert newest is not None
        places = random.Random(1).sample(range(newest.size), PROOFS)
        start = time.perf_counter()
        for place in places:
            path = Tree(session).inclusion(place, newest.size)
        ours = (time.perf_counter() - start) / PROOFS
        body = session.get_one(Event, places[-1] + 1).body
        assert root_by_inclusion(leaf(body.encode()), places[-1], newest.size, path).hex() == newest.root  # type: ignore[union-attr]
        start = time.perf_counter()
        for place in places:
            session.get_one(Event, place + 1, populate_existing=True)
        peer = (time.perf_counter() - start) / PROOFS
    return Row("audit", "inclusion proof in 1,000,000 events", 1000 * ours, "ms", "reading the event", ours / peer,
               "<= 2 ms", ours <= 0.002)  # fmt: skip
