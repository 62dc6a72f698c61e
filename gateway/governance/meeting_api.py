"""`/api/v1/applications/meetings`: meetings of the committee, as at the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import meeting, queries
from gateway.governance.api_schemas import Json
from gateway.governance.meeting_models import Meeting
from gateway.governance.meeting_pages import CALLS, changed, file
from gateway.governance.meeting_reading import meeting_seen_by, meetings_of
from gateway.governance.meeting_schemas import AskedSchema, CallSchema, MeetingSchema, TakenDownSchema, TimesSchema
from gateway.governance.viewer import me, reads_all
from gateway.people.access import requires, signed_in
from gateway.people.models import Account
from gateway.people.once import once
from gateway.web.paging import PageSchema, following

PLAIN = ("id", "starts_at", "ends_at", "place", "sequence", "cancelled_at", "held_at")


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of applications."""
    told, calls, one = api.response(200, MeetingSchema), requires(CALLS), "/meetings/<meeting_id>"
    paged = api.arguments(PageSchema, location="query")
    api.get("/meetings")(paged(api.response(200, MeetingSchema(many=True))(signed_in(index))))
    api.post("/meetings")(api.arguments(CallSchema)(api.response(201, MeetingSchema)(calls(call))))
    api.get(one)(told(signed_in(show)))
    api.get(f"{one}/meeting.ics")(api.response(200, description="A calendar file")(signed_in(ics)))
    api.post(f"{one}/move")(api.arguments(TimesSchema)(told(calls(move))))
    api.post(f"{one}/cancel")(told(calls(cancel)))
    api.post(f"{one}/minutes")(api.arguments(TakenDownSchema)(told(calls(hold))))


def index(asked: Json) -> tuple[Sequence[Json], dict[str, str]]:
    """Meetings that I was asked to, or all; the last one first"""
    with reading() as db:
        account = me(db)
        page = meetings_of(db, account, asked["page"], reads_all=reads_all()).told(lambda each: _told(each, account))
        return page.rows, following(page)


@once
def call(sent: dict[str, Any]) -> Json:
    """Call a meeting on some applications"""
    with transaction() as db:
        account = me(db)
        agenda = [
            queries.application_seen_by(db, each, account, reads_all=reads_all()) for each in sent.pop("applications")
        ]
        return _told(meeting.call(db, by=account, applications=agenda, now=now(), **sent), account)


def show(meeting_id: str) -> Json:
    """One meeting"""
    with reading() as db:
        return _told(_seen(db, meeting_id), me(db))


def ics(meeting_id: str) -> Response:
    """The meeting for a calendar (RFC 5545)"""
    return file(meeting_id)


def move(sent: Json, meeting_id: str) -> Json:
    """Another time or place"""
    with transaction() as db:
        return _told(*changed(db, meeting_id, meeting.move, sent))


def cancel(meeting_id: str) -> Json:
    """Call a meeting off"""
    with transaction() as db:
        return _told(*changed(db, meeting_id, meeting.cancel, {}))


def hold(sent: Json, meeting_id: str) -> Json:
    """Write down who came and what was said, once"""
    with transaction() as db:
        return _told(*changed(db, meeting_id, meeting.hold, sent))


def _seen(db: Session, meeting_id: str) -> Meeting:
    return meeting_seen_by(db, meeting_id, me(db), reads_all=reads_all())


def _told(each: Meeting, account: Account) -> Json:
    return {
        **{name: getattr(each, name) for name in PLAIN},
        "minutes": meeting.minutes_for(each, account),
        "applications": [one.application_id for one in each.agenda],
        "asked": [{name: getattr(one, name) for name in AskedSchema().fields} for one in each.asked],
        "needed": meeting.needed(each),
        "quorate": meeting.quorate(each),
    }
