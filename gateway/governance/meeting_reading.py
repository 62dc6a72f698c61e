"""Reading meetings, and reminding of them the day before."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from gateway.db import transaction
from gateway.governance.guards import on_team
from gateway.governance.meeting import NoSuchMeeting, still_asked
from gateway.governance.meeting_models import AgendaItem, Attendance, Meeting
from gateway.governance.models import Application, State
from gateway.jobs.rounds import go_round
from gateway.notices.commands import tell
from gateway.notices.models import Kind
from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.projects.models import Project

BEFORE = timedelta(days=1)
TALKED_ABOUT = selectinload(Meeting.agenda).selectinload(AgendaItem.application)
WITH = (
    selectinload(Meeting.asked).selectinload(Attendance.account),
    TALKED_ABOUT.selectinload(Application.workflow_text),
    TALKED_ABOUT.selectinload(Application.invitations),
    TALKED_ABOUT.selectinload(Application.conflicts),
    TALKED_ABOUT.selectinload(Application.changes).selectinload(Project.memberships),
)


def meetings_of(db: Session, account: Account, page: int, *, reads_all: bool) -> Page[Meeting]:
    """Meetings that this account was asked to or called, or all, the last one first; none about its own application.

    Index: ix_committee_meeting_starts_at.
    """
    asked = select(Attendance.meeting_id).where(Attendance.account_id == account.id)
    query = select(Meeting).order_by(Meeting.starts_at.desc(), Meeting.id).options(*WITH)
    if not reads_all:
        query = query.where(or_(Meeting.id.in_(asked), Meeting.called_by_id == account.id))
    found = page_of(db, query, page)
    return Page([each for each in found.rows if not _about_own(each, account)], found.number, found.more)


def meeting_seen_by(db: Session, meeting_id: str, account: Account, *, reads_all: bool) -> Meeting:
    """One of those. Raises NoSuchMeeting."""
    found = db.get(Meeting, meeting_id, options=WITH)
    if found is None or _about_own(found, account):
        raise NoSuchMeeting
    asked = any(each.account_id == account.id for each in found.asked)
    if not (reads_all or asked or found.called_by_id == account.id):
        raise NoSuchMeeting
    return found


def _about_own(found: Meeting, account: Account) -> bool:
    return any(on_team(each.application, account) for each in found.agenda)


def for_an_agenda(db: Session, page: int) -> Page[Application]:
    """Applications that a meeting can talk about, the longest there first. Index: ix_application_state."""
    open_ones = select(Application).where(Application.state.in_([State.SUBMITTED.value, State.IN_REVIEW.value]))
    return page_of(db, open_ones.order_by(Application.submitted_at, Application.id), page)


@go_round(every=600)
def meetings(now: datetime) -> None:
    """Remind of what is tomorrow."""
    with transaction() as db:
        remind_of_meetings(db, now=now)


def remind_of_meetings(db: Session, *, now: datetime) -> None:
    """Tell everybody who was asked, once for each time that a meeting was set for."""
    soon = select(Meeting).where(Meeting.starts_at > now, Meeting.starts_at <= now + BEFORE)
    for each in db.scalars(soon.where(Meeting.cancelled_at.is_(None)).order_by(Meeting.starts_at)):
        text = f"The meeting {each.reference} is on {each.starts_at:%Y-%m-%d at %H:%M} UTC"
        once = f"meeting:{each.id}:{each.sequence}"
        tell(db, to=still_asked(each), kind=Kind.MEETING, text=text, href=f"/meetings/{each.id}", now=now, once=once)
