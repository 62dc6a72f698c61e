"""The events of a bundle against its checkpoint: of a whole log by its root, of a part by each event's audit path."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.audit.offline.findings import Findings
from gateway.audit.offline.layout import EVENTS, LEAVES, LOG, OPENINGS, PROOFS, Bundle
from gateway.trail import merkle
from gateway.trail.chain import commitment
from gateway.trail.notes import Checkpoint

HEIGHT = 8  # of a part of the tree whose leaves have the rest of their paths in common
ANNOUNCED = "audit.key.announced"


@dataclass(slots=True)
class Followed:
    """What the events told on the way past."""

    roots: dict[int, bytes] = field(default_factory=dict)  # of a whole log, at the sizes that were asked for
    announced: list[str] = field(default_factory=list)
    projects: dict[str, int] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)


class Follower:
    """Takes the events one by one, and notes what does not fit."""

    def __init__(self, findings: Findings, *, scope: str) -> None:
        self.told = Followed()
        self._findings = findings
        self._scope = scope
        self._last = 0

    def take(self, line: bytes) -> int:
        """One more body; gives the place that it says it has, 0 if it cannot be read."""
        try:
            body = json.loads(line)
            seq = body["seq"]
            project = body.get("project")
            if type(seq) is not int:
                raise TypeError
            self._placed(seq)
            if project is not None:
                self._numbered(project, body["pseq"], seq)
            if body["action"] == ANNOUNCED:
                self.told.announced.append(body["detail"]["key"])
        except (ValueError, KeyError, TypeError, AttributeError):
            self._findings.fault("malformed", f"the line after event {self._last} cannot be understood")
            return 0
        return seq

    def _placed(self, seq: int) -> None:
        if seq <= self._last:
            self._findings.fault("reordered", f"event {seq} comes after event {self._last}")
        elif self._scope == LOG and seq != self._last + 1:
            self._findings.fault("missing", f"events {self._last + 1} to {seq - 1} are missing")
        self._last = seq

    def _numbered(self, project: str, pseq: int, seq: int) -> None:
        if self._scope == "selection":
            return
        expected = self.told.projects.get(project, 0) + 1
        if pseq != expected:
            self._findings.fault("project-gap", f"event {seq} is number {pseq} of its project, not {expected}")
        self.told.projects[project] = pseq


def whole(bundle: Bundle, checkpoint: Checkpoint, sizes: set[int], findings: Findings) -> Followed:
    """Check a whole log: its events, in order and without gap, have the signed root."""
    follower = Follower(findings, scope=LOG)
    growing = merkle.Frontier()
    append, take, digest = growing.append, follower.take, hashlib.sha256
    with bundle.open(EVENTS) as lines:
        for line in lines:
            body = line.rstrip(b"\n")
            take(body)
            append(digest(b"\0" + body).digest())
            if growing.size in sizes:
                follower.told.roots[growing.size] = growing.root()
    findings.events = growing.size
    if growing.size < checkpoint.size:
        findings.fault("truncated", f"{growing.size:,} events are here, {checkpoint.size:,} were signed")
    elif growing.size > checkpoint.size:
        findings.fault("forked", f"{growing.size:,} events are here, only {checkpoint.size:,} were signed")
    if growing.size == checkpoint.size and growing.root() != checkpoint.root:
        _find_changed(bundle, checkpoint, findings)
    return follower.told


def _find_changed(bundle: Bundle, checkpoint: Checkpoint, findings: Findings) -> None:
    """Say which events are not those that were signed, where leaves.bin is true and can tell."""
    with bundle.open(LEAVES) as file:
        leaves = list(iter(lambda: file.read(merkle.HASH_BYTES), b""))
    growing = merkle.Frontier()
    for each in leaves:
        growing.append(each)
    if growing.root() != checkpoint.root:
        findings.fault("flipped", "the events are not those that were signed; which of them cannot be told")
        return
    with bundle.open(EVENTS) as lines:
        for place, (line, signed) in enumerate(zip(lines, leaves, strict=False), 1):
            if merkle.leaf(line.rstrip(b"\n")) != signed:
                findings.fault("flipped", f"event {place} is not what was recorded")


def part(bundle: Bundle, checkpoint: Checkpoint, scope: str, findings: Findings) -> Followed:
    """Check a part of a log: each event stands where it says, under the signed root."""
    follower = Follower(findings, scope=scope)
    paths, proofs = _Paths(checkpoint), bundle.rows(PROOFS)
    with bundle.open(EVENTS) as lines:
        for line in lines:
            body = line.rstrip(b"\n")
            seq = follower.take(body)
            findings.events += 1
            proof = next(proofs, {})
            stands = paths.lead(merkle.leaf(body), seq - 1, proof.get("path")) if proof.get("seq") == seq else None
            if stands is None:
                findings.fault("missing", f"event {seq} comes without its proof")
                return follower.told
            if not stands:
                findings.fault("flipped", f"event {seq} is not what was recorded")
    left = sum(1 for _ in proofs)
    if left:
        findings.fault("missing", f"{left:,} events are missing whose proofs are here")
    return follower.told


class _Paths:
    """Follows audit paths to the signed root; the way that the events of 256 side by side have in common only once."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._known: tuple[int, bytes, list[Any]] | None = None  # place of the 256, hash over them, the way from there

    def lead(self, leaf: bytes, index: int, encoded: Any) -> bool | None:
        """Whether the path leads from the leaf at this index to the root; None if it is none."""
        if not isinstance(encoded, list):
            return None
        size, place = self._checkpoint.size, index >> HEIGHT
        full = index >= 0 and (place + 1) << HEIGHT <= size
        first = hashes(encoded[:HEIGHT])
        if first is None:
            return None
        known = (place, _over(leaf, index, first), encoded[HEIGHT:])
        if full and len(first) == HEIGHT and known == self._known:
            return True
        path = hashes(encoded)
        if path is None:
            return None
        leads = merkle.root_by_inclusion(leaf, index, size, path) == self._checkpoint.root
        if leads and full and len(first) == HEIGHT:
            self._known = known
        return leads


def _over(found: bytes, index: int, path: list[bytes]) -> bytes:
    """The hash over a leaf and those beside it, where the tree is full."""
    for height, step in enumerate(path):
        found = merkle.parent(step, found) if index >> height & 1 else merkle.parent(found, step)
    return found


def hashes(encoded: Any) -> list[bytes] | None:
    """Hashes from base64, None for what is none."""
    try:
        found = [base64.b64decode(each, validate=True) for each in encoded]
    except (binascii.Error, ValueError, TypeError):
        return None
    return found if all(len(each) == merkle.HASH_BYTES for each in found) else None


def openings(bundle: Bundle, findings: Findings) -> None:
    """Check that the personal values shown are those that the events commit to; both files are in order."""
    bodies = _bodies(bundle)
    seq, body = 0, dict[str, Any]()
    for row in bundle.rows(OPENINGS):
        while row.get("seq") != seq:
            seq, body = next(bodies, (-1, {}))
            if seq == -1:
                findings.fault("opening", "a personal value belongs to no event that is shown")
                return
        try:
            kind, _, key = row["field"].partition(".")
            fits = body[kind][key] == commitment(row["field"], bytes.fromhex(row["salt"]), row["value"])
        except (KeyError, TypeError, ValueError, AttributeError):
            fits = False
        if not fits:
            findings.fault("opening", f"a personal value shown with event {seq} is not the one recorded")


def _bodies(bundle: Bundle) -> Iterator[tuple[int, dict[str, Any]]]:
    for body in bundle.rows(EVENTS):
        yield body.get("seq", 0), body
