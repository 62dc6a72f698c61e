"""`/meetings`: of the committee, for those who were asked and those who call them; with a calendar file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Forbidden, Invalid
from gateway.governance import meeting, queries
from gateway.governance.calendar import calendar
from gateway.governance.meeting_models import Meeting
from gateway.governance.meeting_reading import for_an_agenda, meeting_seen_by, meetings_of
from gateway.governance.meeting_schemas import CallSchema, TakenDownSchema, TimesSchema
from gateway.governance.viewer import me, reads_all
from gateway.people.access import may, requires, signed_in
from gateway.people.models import Account
from gateway.people.once import once
from gateway.people.schemas import faults
from gateway.web.paging import asked

meetings = Blueprint("meetings", __name__)
CALLS = "application.triage"
Change = Callable[..., None]  # of (db, by, meeting, now, and what was sent)
LASTS = 90  # minutes, unless told otherwise
FIELDS = ("present", "minutes", "day", "time", "lasts", "place", "applications")


@meetings.get("/meetings")
@signed_in
def index() -> str:
    """Those that I was asked to, or all."""
    return _list({}, {})


@meetings.post("/meetings")
@requires(CALLS)
@once
def call() -> Any:
    """Call one."""
    typed = {**request.form.to_dict(), "applications": request.form.getlist("applications")}
    try:
        sent = CallSchema().load(typed)
        with transaction() as db:
            account = me(db)
            agenda = [
                queries.application_seen_by(db, each, account, reads_all=reads_all())
                for each in sent.pop("applications")
            ]
            made = meeting.call(db, by=account, applications=agenda, now=now(), **sent)
            there = url_for(".show", meeting_id=made.id)
    except ValidationError as error:
        return _list(typed, faults(error)), 422
    except Invalid as refusal:
        return _list(typed, {"day": refusal.message}), 422
    except (Conflict, Forbidden) as refusal:
        return _list(typed, {"applications": refusal.message}), 422
    flash("The meeting is called, and everybody who votes or decides is told.", "success")
    return redirect(there, 303)


@meetings.get("/meetings/<meeting_id>")
@signed_in
def show(meeting_id: str) -> str:
    """Agenda, who was asked, and what was said."""
    return _page(meeting_id, {}, {})


@meetings.get("/meetings/<meeting_id>/meeting.ics")
@signed_in
def file(meeting_id: str) -> Response:
    """For a calendar."""
    with reading() as db:
        found = meeting_seen_by(db, meeting_id, me(db), reads_all=reads_all())
        response = Response(calendar(found), mimetype="text/calendar")
    response.headers.set("Content-Disposition", "attachment", filename="meeting.ics")
    return response


@meetings.post("/meetings/<meeting_id>/move")
@requires(CALLS)
def move(meeting_id: str) -> Any:
    """Another time or place."""
    done = "Everybody is told, with a new calendar file."
    return _change(meeting_id, TimesSchema(), request.form.to_dict(), meeting.move, done, at_fault="day")


@meetings.post("/meetings/<meeting_id>/cancel")
@requires(CALLS)
def cancel(meeting_id: str) -> Any:
    """It does not take place."""
    return _change(meeting_id, Schema(), {}, meeting.cancel, "The meeting is cancelled, and everybody is told.")


@meetings.post("/meetings/<meeting_id>/minutes")
@requires(CALLS)
def hold(meeting_id: str) -> Any:
    """Who came, and what was said."""
    typed = {**request.form.to_dict(), "present": request.form.getlist("present")}
    done = "The minutes are on the record."
    return _change(meeting_id, TakenDownSchema(), typed, meeting.hold, done, at_fault="minutes")


def _change(
    meeting_id: str, schema: Schema, typed: Mapping[str, Any], change: Change, done: str, *, at_fault: str = ""
) -> Any:
    """Do it in one transaction, and come back; a refusal of what was typed stands at the field `at_fault`."""
    try:
        sent = schema.load(typed)
        with transaction() as db:
            changed(db, meeting_id, change, sent)
    except ValidationError as error:
        return _page(meeting_id, typed, faults(error)), 422
    except Invalid as refusal:
        return _page(meeting_id, typed, {at_fault: refusal.message}), 422
    except Conflict as refusal:
        flash(refusal.message)
    else:
        flash(done, "success")
    return redirect(url_for(".show", meeting_id=meeting_id), 303)


def changed(db: Session, meeting_id: str, change: Change, sent: Mapping[str, Any]) -> tuple[Meeting, Account]:
    """Have me change a meeting that I may see; gives both."""
    account = me(db)
    found = meeting_seen_by(db, meeting_id, account, reads_all=reads_all())
    change(db, by=account, meeting=found, now=now(), **sent)
    return found, account


def _list(values: Mapping[str, Any], found_faults: Mapping[str, Any]) -> str:
    with reading() as db:
        return render_template(
            "governance/meetings.html",
            page=meetings_of(db, me(db), asked(), reads_all=reads_all()),
            agenda=for_an_agenda(db, asked("agenda")) if may(CALLS) else None,
            now=now(),
            values={"lasts": LASTS, **values},
            faults=_in_order(found_faults),
        )


def _page(meeting_id: str, values: Mapping[str, Any], found_faults: Mapping[str, Any]) -> str:
    with reading() as db:
        account = me(db)
        found = meeting_seen_by(db, meeting_id, account, reads_all=reads_all())
        lasts = int((found.ends_at - found.starts_at).total_seconds() // 60)
        before = {"day": found.starts_at.date().isoformat(), "time": f"{found.starts_at:%H:%M}"}
        return render_template(
            "governance/meeting.html",
            meeting=found,
            minutes=meeting.minutes_for(found, account),
            needed=meeting.needed(found),
            quorate=meeting.quorate(found),
            calls=may(CALLS),
            begun=now() >= found.starts_at,
            values={**before, "lasts": lasts, "place": found.place, **values},
            faults=_in_order(found_faults),
        )


def _in_order(found_faults: Mapping[str, Any]) -> Mapping[str, Any]:
    """As the fields come on the page."""
    return dict(sorted(found_faults.items(), key=lambda each: FIELDS.index(each[0]) if each[0] in FIELDS else 0))
