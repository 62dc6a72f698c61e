"""WADO-RS: frames as they are, each entered in the journal before it leaves (PS3.18 10.4.1.1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime

from flask import Response, request

from gateway import clock
from gateway.consent.epochs import next_moment
from gateway.db import reading
from gateway.errors import Invalid
from gateway.people.session import caller
from gateway.release import slide, turnstile, visits
from gateway.release.accept import Given, alone, choose, frame_types, in_parts
from gateway.release.answers import PRIVATE, accepted, answer
from gateway.release.errors import NotInRelease
from gateway.release.multipart import Message, Part, related
from gateway.release.queries import Place
from gateway.release.streams import Leased, Stream, Watch
from gateway.release.visits import Visit
from gateway.trail.leases import Lease
from gateway.trail.reads import How

MOST_FRAMES = 256  # frames in one request
AT_ONCE = 4 * 1024 * 1024  # bytes that are read before they are sent; more is streamed
FRAME_NUMBER = re.compile(r"0*[1-9][0-9]{0,9}")


def numbered(text: str) -> list[int]:
    """Frame numbers from a path, counted from 1 there and from 0 here."""
    parts = text.split(",")
    if len(parts) > MOST_FRAMES or not all(FRAME_NUMBER.fullmatch(part) for part in parts):
        raise Invalid(f"Frames are named by numbers from 1, at most {MOST_FRAMES} in one request.")
    return [int(part) - 1 for part in parts]


def _within(visit: Visit, opened: slide.Slide, numbers: Sequence[int]) -> None:
    """Raises NotInRelease, on the record, if the instance has not all of these frames."""
    with visits.recorded_refusal(visit.actor, visit.release, opened.uid):
        if any(number >= opened.frame_count for number in numbers):
            raise NotInRelease("The instance has no frame of that number.")


def taken(
    visit: Visit, place: Place, numbers: Sequence[int], how: How, give: Callable[[slide.Slide, int], bytes]
) -> list[bytes]:
    """What `give` makes of each frame, each entered in the journal before it leaves."""
    with reading() as db:
        entry = visits.at_its_place(visits.find(db, visit, place.instance), place, visit)
        with visits.opened(db, visit, entry) as opened:
            _within(visit, opened, numbers)
            with visits.leased(visit, entry, how) as lease:
                bodies = [give(opened, number) for number in numbers]
                for number in numbers:
                    lease.frame(number)
                lease.close(sum(map(len, bodies)), "complete")
    return bodies


def frames(release_id: str, study: str, series: str, uid: str, numbers: str) -> Response:
    """WADO-RS: frames as the archive has them, one as it is or several as multipart."""
    visit = visits.enter(release_id)
    asked = numbered(numbers)
    with ExitStack() as held:
        with reading() as db:
            entry = visits.at_its_place(visits.find(db, visit, uid), Place(study, series, uid), visit)
            given = choose(accepted(), _offered(entry.transfer_syntax, asked), entry.transfer_syntax)
            opened = held.enter_context(visits.opened(db, visit, entry))
            _within(visit, opened, asked)
        message = _message(opened, asked, given)
        with visits.leased(visit, entry, "frames") as lease:
            if message.rope.length > AT_ONCE:
                return _streamed(visit, message, asked, lease, held)
            body = message.rope.read(0, message.rope.length)
            for number in asked:
                lease.frame(number)
            lease.close(sum(stop - start for start, stop in message.spans), "complete")
        if not given.multipart:
            turnstile.remember(request.environ, opened, held, lease, given.media_type, _until(visit))
        return answer(body, message.content_type)


def _streamed(visit: Visit, message: Message, numbers: Sequence[int], lease: Lease, held: ExitStack) -> Response:
    """Frames that are many bytes. The lease stays open as long as they take."""
    lease.hold()
    for number in numbers:
        lease.frame(number)
    length = message.rope.length
    stream = Stream(message.rope, Watch(visit), Leased(lease, message.spans), 0, length, held.pop_all().close)
    stream.begin()
    headers = {"Content-Length": str(length), "Cache-Control": PRIVATE}
    return Response(stream, headers=headers, content_type=message.content_type, direct_passthrough=True)


def _until(visit: Visit) -> datetime:
    """When the caller's token or the grant ends, or the next consent begins or ends by itself."""
    found = caller()
    ends = visit.pass_.ends_at if found is None else found.at_most(visit.pass_.ends_at)
    with reading() as db:
        return min(ends, next_moment(db, clock.now()) or ends)


def _offered(transfer_syntax: str, numbers: Sequence[int]) -> list[Given]:
    types = frame_types(transfer_syntax)
    return [*(alone(*types) if len(numbers) == 1 else ()), *in_parts(*types)]


def _message(opened: slide.Slide, numbers: Sequence[int], given: Given) -> Message:
    ropes = [opened.frame_rope(number) for number in numbers]
    if not given.multipart:
        return Message(given.media_type, ropes[0], ((0, ropes[0].length),))
    kind = f"{given.media_type}; transfer-syntax={opened.transfer_syntax}"
    return related([Part(kind, rope) for rope in ropes], given.media_type)
