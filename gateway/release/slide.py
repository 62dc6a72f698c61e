"""The one conductor: from a pass and a release UID to the bytes that may leave.

Header by recipe, pixels by range, as one rope. Rewritten headers are kept in memory, bounded in bytes, under a
key that changes with the grant's epoch and the consent epoch.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from gateway import clock
from gateway.archive.growing import LARGEST, EarlyFrame, Frame, GrowingSource
from gateway.catalogue.models import Instance
from gateway.catalogue.sources import open_source
from gateway.consent.epochs import epoch
from gateway.deid.plan import load_plan
from gateway.dicom.rope import Literal, Rope, SourceRange
from gateway.dicom.source import ByteSource
from gateway.dicom.uids import ClearUid, ReleaseUid
from gateway.errors import Withheld
from gateway.projects.grants import Pass
from gateway.projects.keys_patient import key_ring
from gateway.release import facts
from gateway.release.errors import PolicyChanged
from gateway.release.models import SEALED, ManifestEntry, Release
from gateway.release.queries import patient_of
from gateway.release.rewriting import Rewritten, Treatment, rewritten
from gateway.settings import current

CACHE_BYTES = 64 * 1024 * 1024  # one instance of a million frames takes half of it
REPLACED, ROW = 256, 1024**2  # bytes for each replaced frame, which lies in the database; of the row read last
OFFSET_TABLES = 16  # bytes for each frame, in the header and in the index alike


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is kept of an instance between requests: its new header, what that says, and where its pixels lie."""

    made: Rewritten
    told: dict[str, Any]
    front_sha256: str

    @property
    def weight(self) -> int:
        """Bytes of memory, roughly: parsed JSON, which has no offset tables, weighs several times its header."""
        held = (each.length for each in self.made.replaced.values() if isinstance(each, Literal))
        replaced = sum(held) + (ROW + REPLACED * len(self.made.replaced) if self.made.replaced else 0)
        tables = OFFSET_TABLES * len(self.made.frames.starts)
        parsed = max(0, len(self.made.front) - tables)
        return len(self.made.front) + 6 * parsed + tables + replaced


@dataclass(frozen=True, slots=True)
class Slide:
    """A released instance, open. All that it gives may leave."""

    uid: ReleaseUid
    transfer_syntax: str
    rope: Rope
    etag: str
    _prepared: Prepared
    source: ByteSource

    @property
    def length(self) -> int:
        """Length of the whole instance in bytes."""
        return self.rope.length

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return self._prepared.made.frames.count

    @property
    def metadata(self) -> dict[str, Any]:
        """De-identified attributes as DICOM JSON."""
        return self._prepared.told

    def frame(self, number: int) -> bytes:
        """The encoded bytes of a frame, counted from 0. Raises BadFrames."""
        rope = self.frame_rope(number)
        return rope.read(0, rope.length)

    def frame_rope(self, number: int) -> Rope:
        """The same without reading it: the bytes of the archive, or what screening put in their place."""
        made = self._prepared.made
        if number in made.replaced:
            return Rope([made.replaced[number]])
        pieces = made.frames.pieces(number)
        if isinstance(self.source, GrowingSource) and sum(length for _, length in pieces) <= LARGEST:
            frame = EarlyFrame(self.source, Frame(number, pieces), Frame(0, made.frames.pieces(0)))
            return Rope([SourceRange(frame, 0, frame.size)])
        return Rope([SourceRange(self.source, start, length) for start, length in pieces])


class _Cache:
    """Least recently used first out, when the sum of weights passes the bound."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[Any, ...], Prepared] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...]) -> Prepared | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[Any, ...], prepared: Prepared) -> None:
        with self._lock:
            if key not in self._kept and prepared.weight < self._limit:
                self._kept[key] = prepared
                self._weight += prepared.weight
            while self._weight > self._limit:
                _old, dropped = self._kept.popitem(last=False)
                self._weight -= dropped.weight


_cache = _Cache(CACHE_BYTES)


@contextmanager
def opened(db: Session, pass_: Pass, release: Release, entry: ManifestEntry) -> Iterator[Slide]:
    """The instance of a manifest entry, its source closed at the end. The entry must be one that `visits.find` gave.

    Raises ArchiveError, Withheld, DicomError, PolicyChanged: then nothing leaves.
    """
    slide = open_slide(db, pass_, release, entry)
    try:
        yield slide
    finally:
        close(slide)


def open_slide(db: Session, pass_: Pass, release: Release, entry: ManifestEntry) -> Slide:
    """As `opened`, for streams that outlive the request: the caller calls `close`."""
    if pass_.grant_id != release.grant_id or entry.release_id != release.id or not entry.released:
        raise TypeError("the pass, the release and the entry do not belong together")
    if release.state != SEALED:
        raise TypeError("a release that is being built is not opened")
    instance = db.get_one(Instance, entry.instance_id)
    prepared = _prepared(db, pass_, release, entry, instance)
    source = open_source(db, instance)
    etag = hashlib.sha256(
        f"{prepared.front_sha256} {instance.version} {entry.screening_id} {release.id}".encode()
    ).hexdigest()[:32]
    rope = prepared.made.rope(source)
    return Slide(ReleaseUid(entry.uid), entry.transfer_syntax, rope, etag, prepared, source)


def close(slide: Slide) -> None:
    """Let go of the source."""
    slide.source.close()


def _prepared(db: Session, pass_: Pass, release: Release, entry: ManifestEntry, instance: Instance) -> Prepared:
    epochs = (pass_.epoch, epoch(db, clock.now()))
    what = (entry.uid, instance.id, instance.version, entry.screening_id, entry.stand_in)
    key = (release.project_id, release.deid_sha256, what, epochs)
    found = _cache.get(key)
    if found is None:
        plan = load_plan(current().policies_dir, release.deid_policy)
        if plan.sha256 != release.deid_sha256:
            raise PolicyChanged
        patient = patient_of(db, instance.id)
        keys = key_ring(db, release.project_id).patient(db, site=patient.site, patient_id=patient.patient_id)
        if keys.uid(ClearUid(instance.uid)) != entry.uid:  # the archive moved it to another patient since
            raise Withheld("The archive has changed this image since the release was made.")
        treatment = Treatment(entry.screening_id, entry.stand_in, frozenset(entry.refused_texts))
        made = rewritten(db, instance, plan, keys, treatment)
        told = facts.metadata(facts.parsed(made.front))
        found = Prepared(made, told, hashlib.sha256(made.front).hexdigest())
        _cache.put(key, found)
    return found
