"""Under which approval, policy and consent something was read: told by the events that opened the door to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from gateway.trail.models import Event

BUILT = "release.built"
APPROVED = ("application.approved", "application.approved-with-conditions")


@dataclass(frozen=True, slots=True)
class Approval:
    """What a read rests on. Empty, or None, where the record has no such event before the read."""

    project: str
    grant: str
    release: str
    application: str  # the reference that people know it by
    decided_at: datetime | None
    decision: int | None  # the event
    policy: str
    recipe_sha256: str
    pixels_sha256: str
    consent_epoch: int | None
    built: int | None  # the event


class Approvals:
    """The decisions and the makings of releases, looked up once; `of` says what a read rests on."""

    def __init__(self, db: Session) -> None:
        """Reads where they stand, not what they say. Index: ix_trail_event_action_seq."""
        self._db = db
        self._built: dict[str | None, list[int]] = {}
        self._decided: dict[str | None, list[int]] = {}
        for row in _places(db, [BUILT]):
            self._built.setdefault(row.release_id, []).append(row.seq)
        for row in _places(db, APPROVED):
            self._decided.setdefault(row.project, []).append(row.seq)
        self._known: dict[tuple[str, str, str, int | None, int | None], Approval] = {}

    def of(self, *, project: str, grant: str, release: str, before: int) -> Approval:
        """What a read rests on that stands at this place: the last of each before it."""
        built = _last(self._built.get(release, ()), before)
        decision = _last(self._decided.get(project, ()), before)
        key = (project, grant, release, built, decision)
        if key not in self._known:
            self._known[key] = self._told(*key)
        return self._known[key]

    def _told(self, project: str, grant: str, release: str, built: int | None, decision: int | None) -> Approval:
        made = self._event(built)
        decided = self._event(decision)
        told = made.detail if made else {}
        subject = (decided.subject or "") if decided else ""
        return Approval(
            project=project,
            grant=grant,
            release=release,
            application=f"{subject[:4]}-{subject[4:8]}".upper() if subject else "",
            decided_at=decided.at if decided else None,
            decision=decision,
            policy=told.get("deid_policy", ""),
            recipe_sha256=told.get("deid_sha256", ""),
            pixels_sha256=told.get("pixels_sha256", ""),
            consent_epoch=told.get("consent_epoch"),
            built=built,
        )

    def _event(self, seq: int | None) -> Event | None:
        return self._db.get(Event, seq) if seq is not None else None


def _places(db: Session, actions: Sequence[str]) -> Iterable[Row[Any]]:
    asked = select(Event.seq, Event.release_id, Event.project).where(Event.action.in_(actions))
    return db.execute(asked.order_by(Event.seq))


def _last(seqs: Sequence[int], before: int) -> int | None:
    return next((seq for seq in reversed(seqs) if seq < before), None)
