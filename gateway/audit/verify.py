"""Checking an export offline: pure functions over its lines; no database, no network.

Found are: a changed body (flip), a missing event (delete), a changed order, an end cut off (truncate, against the
head that was stated), an opening that does not fit its commitment, a gap in a project's own numbering.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import Invalid
from gateway.trail.chain import GENESIS, commitment, event_hash, leaf_hash

FORMAT = "slidegate-audit/1"
MOST_FAULTS = 20


class NotWhole(Invalid):
    """A check of the log found faults."""

    code = "audit-not-whole"
    title = "The audit log is not whole"


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a log: its place and hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `kind`: flipped, missing, reordered, truncated, opening, project-gap, malformed."""

    kind: str
    seq: int
    text: str


@dataclass(slots=True)
class Verdict:
    """What a check found: how many events, how many with their bodies shown, and what is wrong."""

    events: int = 0
    shown: int = 0
    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    stated: Head | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Chain:
    """Follows the chain, event by event, and notes what does not fit."""

    def __init__(self, start: Head | None = None) -> None:
        self.verdict = Verdict(head=start or Head(0, GENESIS))
        self._pseq: dict[str, int] = {}

    def fault(self, kind: str, seq: int, text: str) -> None:
        """Note a fault; after the first twenty they add nothing."""
        if len(self.verdict.faults) < MOST_FAULTS:
            self.verdict.faults.append(Fault(kind, seq, text))

    def follow(self, seq: int, prev: str, digest: str, leaf: str) -> None:
        """Take one more event: its place, the hash before it, its hash, and the digest of its body."""
        last = self.verdict.head
        if seq <= last.seq:
            self.fault("reordered", seq, f"event {seq} comes after event {last.seq}")
        elif seq > last.seq + 1:
            self.fault("missing", last.seq + 1, f"events {last.seq + 1} to {seq - 1} are missing")
        elif prev != last.hash:
            self.fault("flipped", seq, f"event {seq} does not follow from event {last.seq}")
        if not _fits(prev, leaf, digest):
            self.fault("flipped", seq, f"event {seq} is not what was recorded")
        self.verdict.events += 1
        self.verdict.head = Head(seq, digest)

    def numbered(self, project: str, pseq: int, seq: int) -> None:
        """Take the number of an event in its project, where every event is shown."""
        expected = self._pseq.get(project, 0) + 1
        if pseq != expected:
            self.fault("project-gap", seq, f"event {seq} is number {pseq} of its project, not {expected}")
        self._pseq[project] = pseq

    def end(self, stated: Head | None) -> Verdict:
        """The verdict, when the events end here and the head was stated to be this."""
        self.verdict.stated = stated
        last = self.verdict.head
        if stated is not None and last.seq < stated.seq:
            self.fault("truncated", last.seq + 1, f"events {last.seq + 1} to {stated.seq} are cut off")
        elif stated is not None and last != stated:
            self.fault("flipped", last.seq, f"the log ends in event {last.seq}, not in the head that was stated")
        return self.verdict


def verify(lines: Iterable[str], *, head: Head | None = None) -> Verdict:
    """Check the lines of an NDJSON export, from the first event of the log on.

    `head` is the last event as told by somebody else; without it the file's own statement counts, which
    who cuts the file can change as well.
    """
    chain = Chain()
    rows = iter(lines)
    header = _parsed(next(rows, ""))
    if header.get("format") != FORMAT:
        chain.fault("malformed", 0, "the first line is not the header of an audit export")
        return chain.verdict
    everything = not header.get("search")
    for line in rows:
        row = _parsed(line)
        try:
            _take(chain, row, everything)
        except (KeyError, TypeError, ValueError, AttributeError):
            chain.fault("malformed", chain.verdict.head.seq + 1, "a line cannot be understood")
    return chain.end(head or _head(header))


def _take(chain: Chain, row: Mapping[str, Any], everything: bool) -> None:
    seq = int(row["seq"])
    body = row.get("body")
    if body is None:
        if everything:
            chain.fault("missing", seq, f"event {seq} is hidden in an export of everything")
        chain.follow(seq, row["prev"], row["hash"], row["leaf"])
        return
    chain.verdict.shown += 1
    chain.follow(seq, row["prev"], row["hash"], leaf_hash(_text(body)))
    if body["seq"] != seq:
        chain.fault("reordered", seq, f"event {seq} says that it is event {body['seq']}")
    if everything and "project" in body:
        chain.numbered(body["project"], body["pseq"], seq)
    for name, opening in row.get("openings", {}).items():
        part, _, key = name.partition(".")
        if body[part][key] != commitment(name, bytes.fromhex(opening["salt"]), opening["value"]):
            chain.fault("opening", seq, f"the {name} shown with event {seq} is not the one recorded")


def _fits(prev: str, leaf: str, digest: str) -> bool:
    try:
        return event_hash(prev, leaf) == digest
    except ValueError:
        return False


def _text(body: Any) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _parsed(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _head(header: Mapping[str, Any]) -> Head | None:
    try:
        return Head(int(header["head"]["seq"]), str(header["head"]["hash"]))
    except (KeyError, TypeError, ValueError):
        return None
