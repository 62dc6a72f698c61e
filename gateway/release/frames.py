"""WADO-RS: frames as they are, each entered in the journal before it leaves (PS3.18 10.4.1.1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from flask import Response

from gateway.db import reading
from gateway.dicom.rope import Literal, Rope
from gateway.errors import Invalid
from gateway.release import slide, visits
from gateway.release.accept import choose, frame_types
from gateway.release.answers import accepted, answer
from gateway.release.errors import NotInRelease
from gateway.release.multipart import Part, related
from gateway.release.queries import Place
from gateway.release.visits import Visit
from gateway.trail.reads import How

MOST_FRAMES = 256  # frames in one request
FRAME_NUMBER = re.compile(r"0*[1-9][0-9]{0,9}")


def numbered(text: str) -> list[int]:
    """Frame numbers from a path, counted from 1 there and from 0 here."""
    parts = text.split(",")
    if len(parts) > MOST_FRAMES or not all(FRAME_NUMBER.fullmatch(part) for part in parts):
        raise Invalid(f"Frames are named by numbers from 1, at most {MOST_FRAMES} in one request.")
    return [int(part) - 1 for part in parts]


def taken(
    visit: Visit, place: Place, numbers: Iterable[int], how: How, give: Callable[[slide.Slide, int], bytes]
) -> list[bytes]:
    """What `give` makes of each frame, each entered in the journal before it leaves."""
    with reading() as db:
        entry = visits.at_its_place(visits.find(db, visit, place.instance), place, visit)
        with slide.opened(db, visit.pass_, visit.release, entry) as opened:
            if any(number >= opened.frame_count for number in numbers):
                with visits.recorded_refusal(visit.actor, visit.release, entry.uid):
                    raise NotInRelease("The instance has no frame of that number.")
            lease = visits.lease(visit, entry, how)
            bodies = [give(opened, number) for number in numbers]
    for number in numbers:
        lease.frame(number)
    lease.close(sum(map(len, bodies)), "complete")
    return bodies


def frames(release_id: str, study: str, series: str, uid: str, numbers: str) -> Response:
    """WADO-RS: frames as the archive has them, one as it is or several as multipart."""
    visit = visits.enter(release_id)
    asked = numbered(numbers)
    syntax = visits.syntax_of(visit, uid)
    given = choose(accepted(), frame_types(syntax), syntax)
    bodies = taken(visit, Place(study, series, uid), asked, "frames", lambda opened, n: opened.frame(n))
    if len(bodies) == 1 and not given.multipart:
        return answer(bodies[0], given.media_type)
    kind = f"{given.media_type}; transfer-syntax={syntax}"
    message = related([Part(kind, Rope([Literal(body)])) for body in bodies], given.media_type)
    return answer(message.rope.read(0, message.rope.length), message.content_type)
