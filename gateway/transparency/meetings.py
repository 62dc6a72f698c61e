"""Meetings of the panel on the use of the data: their minutes, and what each member thinks of a project's use."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid
from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.people.roles import permissions_of
from gateway.people.tokens import acting
from gateway.projects.grant_changes import not_a_member
from gateway.projects.models import Project
from gateway.trail.record import record
from gateway.transparency.commands import NotYourPart, raise_concern
from gateway.transparency.models import Choice, Kind, UsageMeeting, UsageVote

AT_ONCE = 10  # meetings on a page, each with all its votes
MINUTES, VOTE = "usage.minutes", "usage.vote"
RAISES = {Choice.QUESTIONS: Kind.ASK, Choice.NOT_CONTENT: Kind.CONCERN}  # so that a steward owes an answer


class NotHeldYet(Invalid):
    """Minutes are written after the meeting."""

    code = "meeting-not-held"
    title = "Give the day of the meeting: today or before"


class NoMeeting(Conflict):
    """Votes belong to a meeting."""

    code = "no-usage-meeting"
    title = "Write the minutes of a meeting first: a vote belongs to the last one"


class VotedAlready(Conflict):
    """One vote of each member on a project's use at each meeting."""

    code = "usage-voted"
    title = "You have voted on this project at this meeting already"


def record_minutes(db: Session, *, by: Account, held_on: date, minutes: str, now: datetime) -> UsageMeeting:
    """Write down what a meeting said, once. Raises NotYourPart, NotHeldYet, Invalid without minutes."""
    if MINUTES not in permissions_of(by):
        raise NotYourPart
    if held_on > now.date():
        raise NotHeldYet
    said = minutes.strip()
    if not said:
        raise Invalid("Write the minutes.")
    meeting = UsageMeeting(held_on=held_on, minutes=said, recorded_by_id=by.id, recorded_at=now)
    db.add(meeting)
    db.flush()
    record(
        db,
        action="usage.meeting-recorded",
        actor=acting(by),
        now=now,
        subject=meeting.id,
        detail={"held_on": held_on.isoformat()},
        personal={"minutes": said},
    )
    return meeting


def vote(db: Session, *, by: Account, project: Project, choice: Choice, reason: str, now: datetime) -> UsageVote:
    """Say at the last meeting what one thinks of a project's use; anything but content reaches the stewards.

    Raises NotYourPart, OwnProject, NoMeeting, VotedAlready, Invalid without a reason where one is needed.
    """
    if VOTE not in permissions_of(by):
        raise NotYourPart
    not_a_member(db, project.id, by)
    meeting = last_meeting(db)
    if meeting is None:
        raise NoMeeting
    said = reason.strip()
    if choice in RAISES and not said:
        raise Invalid("Say why, or what you would like to know.")
    if db.get(UsageVote, (meeting.id, project.id, by.id)) is not None:
        raise VotedAlready
    made = UsageVote(meeting=meeting, project_id=project.id, account_id=by.id, choice=choice.value, reason=said)
    made.cast_at = now
    if choice in RAISES:
        made.concern_id = raise_concern(db, by=by, project=project, kind=RAISES[choice], text=said, now=now).id
    db.add(made)
    db.flush()
    detail = {"meeting": meeting.id, "choice": choice.value, "concern": made.concern_id}
    personal = {"reason": said} if said else None
    record(
        db,
        action="usage.voted",
        actor=acting(by),
        now=now,
        project=project.id,
        subject=meeting.id,
        detail=detail,
        personal=personal,
    )
    return made


def last_meeting(db: Session) -> UsageMeeting | None:
    """The meeting that was held last; of two on one day, the one that was written down last."""
    newest = (UsageMeeting.held_on.desc(), UsageMeeting.recorded_at.desc(), UsageMeeting.id)
    return db.scalar(select(UsageMeeting).order_by(*newest).limit(1))


def meetings(db: Session, page: int) -> Page[UsageMeeting]:
    """A page of them, the last one first. Index: ix_usage_meeting_held_on."""
    newest = (UsageMeeting.held_on.desc(), UsageMeeting.recorded_at.desc(), UsageMeeting.id)
    return page_of(db, select(UsageMeeting).order_by(*newest), page, AT_ONCE)
