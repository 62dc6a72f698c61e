"""Calling a meeting of the committee, moving or cancelling it, and writing down who came and what was said.

Nobody who is part of an application on the agenda is asked, and nobody calls a meeting on their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid, NotFound
from gateway.governance import guards
from gateway.governance.calendar import calendar
from gateway.governance.meeting_models import AgendaItem, Attendance, Meeting
from gateway.governance.models import Application, State
from gateway.notices.commands import tell
from gateway.notices.models import Kind
from gateway.people import queries as people
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record

LONGEST = timedelta(hours=12)


class NoSuchMeeting(NotFound):
    """Not there, or somebody was not asked to it."""

    code = "meeting-not-found"
    title = "There is no such meeting, or you were not asked to it"


class MeetingOver(Conflict):
    """Held, or cancelled."""

    code = "meeting-over"
    title = "This meeting was held or cancelled, so it cannot be changed any more"


class NotBegun(Conflict):
    """Minutes come after the meeting has begun."""

    code = "meeting-not-begun"
    title = "This meeting has not begun yet"


class BadMeeting(Invalid):
    """A meeting that could not take place."""

    code = "bad-meeting"


def call(
    db: Session,
    *,
    by: Account,
    starts: datetime,
    lasts: int,
    place: str,
    applications: Sequence[Application],
    now: datetime,
) -> Meeting:
    """Call a meeting that lasts so many minutes on these applications; all who vote or decide on one of them are asked.

    Raises BadMeeting, WrongState, OwnApplication, Conflicted.
    """
    _could_be(starts, lasts, place, now)
    if not applications:
        raise BadMeeting("Put at least one application on the agenda.")
    for each in applications:
        guards.in_state(each, State.SUBMITTED, State.IN_REVIEW)
        guards.not_own(each, by)
        guards.no_conflict(each, by)
    made = Meeting(
        called_by_id=by.id, called_at=now, changed_at=now, starts_at=starts, place=place.strip(), sequence=0,
        ends_at=starts + timedelta(minutes=lasts),
    )  # fmt: skip
    made.agenda = [AgendaItem(application=each, place=place) for place, each in enumerate(dict.fromkeys(applications))]
    made.asked = [Attendance(account=each) for each in _committee(db, applications)]
    db.add(made)
    db.flush()
    detail = {"starts": starts.isoformat(), "applications": [each.id for each in applications]}
    record(db, action="meeting.called", actor=acting(by), now=now, subject=made.id, detail=detail)
    _tell(db, made, f"The committee meets on {starts:%Y-%m-%d at %H:%M} UTC: see the agenda", now)
    return made


def move(
    db: Session, *, by: Account, meeting: Meeting, starts: datetime, lasts: int, place: str, now: datetime
) -> None:
    """Another time or place; the same as before changes nothing. Raises MeetingOver, BadMeeting."""
    _open(db, meeting)
    _could_be(starts, lasts, place, now)
    ends, place = starts + timedelta(minutes=lasts), place.strip()
    if (starts, ends, place) == (meeting.starts_at, meeting.ends_at, meeting.place):
        return
    meeting.starts_at, meeting.ends_at, meeting.place = starts, ends, place
    meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
    db.flush()
    detail = {"starts": starts.isoformat(), "sequence": meeting.sequence}
    record(db, action="meeting.moved", actor=acting(by), now=now, subject=meeting.id, detail=detail)
    _tell(db, meeting, f"The meeting {meeting.reference} is on {starts:%Y-%m-%d at %H:%M} UTC now", now)


def cancel(db: Session, *, by: Account, meeting: Meeting, now: datetime) -> None:
    """It does not take place. Raises MeetingOver."""
    _open(db, meeting)
    meeting.cancelled_at, meeting.sequence, meeting.changed_at = now, meeting.sequence + 1, now
    db.flush()
    record(db, action="meeting.cancelled", actor=acting(by), now=now, subject=meeting.id)
    _tell(db, meeting, f"The meeting {meeting.reference} of {meeting.starts_at:%Y-%m-%d} is cancelled", now)


def hold(db: Session, *, by: Account, meeting: Meeting, present: Collection[str], minutes: str, now: datetime) -> None:
    """Write down who of those asked came (account ids) and the minutes, once.

    Raises MeetingOver, NotBegun, OwnApplication, Conflicted, BadMeeting without minutes or with somebody not asked.
    """
    _open(db, meeting)
    for item in meeting.agenda:
        guards.not_own(item.application, by)
        guards.no_conflict(item.application, by)
    if now < meeting.starts_at:
        raise NotBegun
    if not minutes.strip():
        raise BadMeeting("Write the minutes.")
    if set(present) - {each.account_id for each in meeting.asked}:
        raise BadMeeting("Somebody is named as present who was not asked to come.")
    for each in meeting.asked:
        each.present = each.account_id in present
    meeting.minutes, meeting.held_at, meeting.changed_at = minutes.strip(), now, now
    db.flush()
    detail = {"present": sorted(present), "quorate": quorate(meeting)}
    record(db, action="meeting.held", actor=acting(by), now=now, subject=meeting.id, detail=detail)


def needed(meeting: Meeting) -> int:
    """How many of the committee must be there for its votes to count: the largest quorum on the agenda."""
    return max((_quorum(each.application) for each in meeting.agenda), default=1)


def quorate(meeting: Meeting) -> bool:
    """Whether enough came for each application, of those who are no part of it and have no conflict in it."""
    came = [each.account for each in meeting.asked if each.present]
    about = [each.application for each in meeting.agenda]
    return all(sum(guards.on_the_committee_side(each, one) for one in came) >= _quorum(each) for each in about)


def minutes_for(meeting: Meeting, account: Account) -> str:
    """The minutes; nothing for somebody who is part of something on the agenda, or has a conflict in it."""
    inside = all(guards.on_the_committee_side(each.application, account) for each in meeting.agenda)
    return meeting.minutes if inside else ""


def still_asked(meeting: Meeting) -> list[Account]:
    """Who was asked, but for those who have since become part of something on the agenda."""
    asked = [each.account for each in meeting.asked]
    return [one for one in asked if not any(guards.on_team(each.application, one) for each in meeting.agenda)]


def _quorum(application: Application) -> int:
    ballot = guards.rules_of(application).ballot
    return ballot.quorum if ballot is not None else 1


def _committee(db: Session, applications: Sequence[Application]) -> list[Account]:
    """Everybody who votes or decides on one of these and has no conflict there, but whoever is part of any of them."""
    found: dict[str, Account] = {}
    for each in applications:
        rules = guards.rules_of(each)
        roles = [rules.decision.role, *([rules.ballot.role] if rules.ballot else [])]
        conflicted = {one.account_id for one in each.conflicts}
        found |= {one.id: one for role in roles for one in people.holders(db, role) if one.id not in conflicted}
    asked = [one for one in found.values() if not any(guards.on_team(each, one) for each in applications)]
    return sorted(asked, key=lambda one: one.id)


def _could_be(starts: datetime, lasts: int, place: str, now: datetime) -> None:
    if starts <= now:
        raise BadMeeting("A meeting is called for a time that lies ahead.")
    if not timedelta(0) < timedelta(minutes=lasts) <= LONGEST:
        raise BadMeeting("A meeting takes between a minute and twelve hours.")
    if not place.strip():
        raise BadMeeting("Say where it is, or how to join it.")


def _open(db: Session, meeting: Meeting) -> None:
    db.refresh(meeting, with_for_update=True)
    if meeting.cancelled_at is not None or meeting.held_at is not None:
        raise MeetingOver


def _tell(db: Session, meeting: Meeting, text: str, now: datetime) -> None:
    page = f"/meetings/{meeting.id}"
    tell(db, to=still_asked(meeting), kind=Kind.MEETING, text=text, href=page, now=now, calendar=calendar(meeting))
