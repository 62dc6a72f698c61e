"""The three events of a read: `release.read.opened`, `.frames` and `.closed`.

What may be said to have left under a lease (the seq of its opening event):

* how = frames or rendered: the union of its `.frames` events, once it is closed;
* how = instance or metadata: what `.closed` says;
* no `.closed`: unknown, so it counts as the whole instance.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from gateway.trail.canonical import Json
from gateway.trail.frames import packed
from gateway.trail.models import Event
from gateway.trail.record import Actor, Telling

OPENED, FRAMES, CLOSED = "release.read.opened", "release.read.frames", "release.read.closed"

How = Literal["instance", "frames", "metadata", "rendered"]
Outcome = Literal["complete", "aborted", "stopped", "recovered"]


@dataclass(frozen=True, slots=True)
class Read:
    """Who reads what, under which grant, and how; `session` is the id of the token or web session.

    `site` is the code of the site that the instance comes from.
    """

    actor: Actor
    project: str
    release: str
    instance: str
    grant: str
    how: How
    session: str = ""
    site: str = ""

    @property
    def told(self) -> dict[str, Json]:
        """The part of the detail that all three events share."""
        told: dict[str, Json] = {"release": self.release, "instance": self.instance, "grant": self.grant}
        return told | {"how": self.how} | ({"site": self.site} if self.site else {})


def read_of(opened: Event) -> Read:
    """The read that an opening event tells of; the actor without the personal fields."""
    told, who = opened.detail, opened.record["actor"]
    return Read(
        actor=Actor(who["kind"], who["id"]),
        project=cast(str, opened.project),
        release=told["release"],
        instance=told["instance"],
        grant=told["grant"],
        how=told["how"],
        session=told.get("session", ""),
        site=told.get("site", ""),
    )


def opened(*, read: Read, now: datetime) -> Telling:
    """That a read begins; the lease is known by the seq of this event."""
    detail = {**read.told, **({"session": read.session} if read.session else {})}
    return Telling(OPENED, read.actor, now, read.project, read.release, detail)


def sent_frames(*, lease: int, read: Read, frames: Collection[int], now: datetime) -> Telling:
    """That these frames left under the lease, or were about to."""
    return _following(FRAMES, lease, read, now, packed(frames))


def closed(*, lease: int, read: Read, outcome: Outcome, sent: int | None, now: datetime) -> Telling:
    """That the lease is over; `sent` in bytes, None where a crash left it unknown."""
    return _following(CLOSED, lease, read, now, {"outcome": outcome, "bytes_sent": sent})


def _following(action: str, lease: int, read: Read, now: datetime, more: dict[str, Json]) -> Telling:
    actor = Actor(read.actor.kind, read.actor.id)  # the opening event commits to the name; once is enough
    return Telling(action, actor, now, read.project, read.release, {"lease": lease, **read.told, **more})
