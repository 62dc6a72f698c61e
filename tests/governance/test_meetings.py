"""Meetings of the committee: who is asked, the quorum, the minutes, the reminder, and the calendar file."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import gateway.governance.meeting_keeping  # noqa: F401  # its triggers
from gateway.db import transaction
from gateway.governance import applying, committee, guards, meeting
from gateway.governance.calendar import calendar, escaped, folded
from gateway.governance.meeting_reading import meeting_seen_by, remind_of_meetings
from gateway.governance.models import Invitation
from gateway.notices.mail import letter
from gateway.notices.models import Kind, Notice
from tests.governance.cast import DAY, MORNING, an_account, database
from tests.governance.national import reviewed, the_nation
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
NEXT = MORNING + 7 * DAY


@pytest.fixture
def db(fresh_database):
    with transaction() as db:
        yield db


@pytest.fixture
def nation(db):
    return the_nation(db)


@pytest.fixture
def application(db, nation):
    return reviewed(db, nation)


def called(db, nation, *applications, **changes):
    told = {"starts": NEXT, "lasts": 90, "place": "Room 4; second floor, left", "now": MORNING} | changes
    return meeting.call(db, by=nation.cast.steward, applications=applications, **told)


def names(found):
    return {each.account.name for each in found.asked}


def test_whoever_votes_or_decides_is_asked_and_nobody_of_the_team(db, nation, application):
    found = called(db, nation, application)
    assert names(found) == {"Mia", "Max", "Moe", "Helen", "Una"}  # Ada and Ben are chairs too, and on the team
    told = db.query(Notice).filter_by(kind=Kind.MEETING).all()
    assert {each.account.name for each in told} == names(found)
    assert all(each.href == f"/meetings/{found.id}" for each in told)


def test_whoever_declared_a_conflict_is_asked_only_for_what_else_is_on_the_agenda(db, nation, application):
    committee.declare_conflict(db, by=nation.members[0], application=application, why="A friend.", now=MORNING)
    assert names(called(db, nation, application)) == {"Max", "Moe", "Helen", "Una"}
    other = reviewed(db, nation)
    assert names(called(db, nation, application, other)) == {"Mia", "Max", "Moe", "Helen", "Una"}


def test_nobody_calls_a_meeting_on_their_own_application_or_on_one_that_is_decided(db, nation, application):
    told = {"starts": NEXT, "lasts": 60, "place": "x", "now": MORNING}
    with pytest.raises(guards.OwnApplication):
        meeting.call(db, by=nation.cast.colleague, applications=[application], **told)
    applying.withdraw(db, by=nation.cast.applicant, application=application, now=MORNING)
    with pytest.raises(guards.WrongState):
        called(db, nation, application)


@pytest.mark.parametrize("wrong", [{"starts": MORNING}, {"lasts": 0}, {"lasts": 10_000}, {"place": " "}])
def test_a_meeting_that_could_not_be_is_not_called(db, nation, application, wrong):
    with pytest.raises(meeting.BadMeeting):
        called(db, nation, application, **wrong)
    with pytest.raises(meeting.BadMeeting):
        called(db, nation)


def test_minutes_are_written_once_after_it_began_and_say_if_enough_came(db, nation, application):
    found = called(db, nation, application)
    by = nation.cast.steward
    some = [nation.members[0].id, nation.members[1].id]
    with pytest.raises(meeting.NotBegun):
        meeting.hold(db, by=by, meeting=found, present=some, minutes="x", now=NEXT - timedelta(seconds=1))
    with pytest.raises(meeting.BadMeeting):
        meeting.hold(db, by=by, meeting=found, present=[by.id], minutes="x", now=NEXT)
    meeting.hold(db, by=by, meeting=found, present=some, minutes="We spoke.", now=NEXT)
    assert (meeting.needed(found), meeting.quorate(found)) == (3, False)
    for again in (meeting.hold, meeting.cancel, meeting.move):
        more = {
            meeting.hold: {"present": some, "minutes": "y"},
            meeting.cancel: {},
            meeting.move: {"starts": NEXT + DAY, "lasts": 60, "place": "x"},
        }[again]
        with pytest.raises(meeting.MeetingOver):
            again(db, by=by, meeting=found, now=NEXT, **more)


def test_the_database_lets_nobody_change_what_was_written_down(db, nation, application):
    found = called(db, nation, application)
    members = [each.id for each in nation.members]
    meeting.hold(db, by=nation.cast.steward, meeting=found, present=members, minutes="We spoke.", now=NEXT)
    assert meeting.quorate(found)
    for statement in (
        "UPDATE committee_meeting SET minutes = 'other'",
        "DELETE FROM committee_meeting",
        "DELETE FROM committee_agenda",
        "UPDATE committee_attendance SET present = NOT present",
        "DELETE FROM committee_attendance",
    ):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(text(statement))


def test_whoever_has_a_conflict_makes_no_quorum_and_neither_reads_nor_writes_minutes(db, nation, application):
    found = called(db, nation, application)
    mia = nation.members[0]
    for account in (mia, nation.cast.steward):
        committee.declare_conflict(db, by=account, application=application, why="A friend.", now=MORNING)
    members = [each.id for each in nation.members]
    held = {"meeting": found, "present": members, "minutes": "We spoke of them.", "now": NEXT}
    with pytest.raises(guards.Conflicted):
        meeting.hold(db, by=nation.cast.steward, **held)
    with pytest.raises(guards.Conflicted):
        called(db, nation, application)
    meeting.hold(db, by=an_account(db, "Sten", "data-steward"), **held)
    assert (meeting.needed(found), meeting.quorate(found)) == (3, False)
    assert meeting.minutes_for(found, mia) == ""
    assert meeting.minutes_for(found, nation.members[1]) == "We spoke of them."


def test_whoever_joins_the_application_hears_no_more_of_the_meeting(db, nation, application):
    found = called(db, nation, application)
    mia = nation.members[0]
    place = Invitation(email="mia@home.org", secret_sha256="0" * 64, made_at=MORNING, ends_at=MORNING)
    place.accepted_by, place.accepted_at = mia, MORNING
    application.invitations.append(place)
    db.query(Notice).delete()
    meeting.move(db, by=nation.cast.steward, meeting=found, starts=NEXT + DAY, lasts=60, place="x", now=MORNING)
    remind_of_meetings(db, now=NEXT)
    assert {each.account.name for each in db.query(Notice)} == names(found) - {"Mia"}


def test_only_those_who_were_asked_see_it(db, nation, application):
    found = called(db, nation, application)
    for account in (nation.members[0], nation.cast.steward):
        assert meeting_seen_by(db, found.id, account, reads_all=False) is found
    for account in (nation.cast.applicant, an_account(db, "Eve")):
        with pytest.raises(meeting.NoSuchMeeting):
            meeting_seen_by(db, found.id, account, reads_all=False)


def test_everybody_is_reminded_the_day_before_once_for_each_date(db, nation, application):
    found = called(db, nation, application)
    db.query(Notice).delete()
    for moment in (NEXT - 2 * DAY, NEXT - DAY, NEXT - timedelta(hours=1), NEXT):
        remind_of_meetings(db, now=moment)
    assert db.query(Notice).count() == len(found.asked)
    db.query(Notice).delete()
    later = NEXT + 7 * DAY
    meeting.move(db, by=nation.cast.steward, meeting=found, starts=later, lasts=60, place="x", now=NEXT)
    remind_of_meetings(db, now=later - DAY)
    meeting.cancel(db, by=nation.cast.steward, meeting=found, now=later - DAY)
    remind_of_meetings(db, now=later - timedelta(hours=1))
    assert db.query(Notice).filter(Notice.once.is_not(None)).count() == len(found.asked)


def unfolded(file):
    return dict(line.split(":", 1) for line in file.replace("\r\n ", "").split("\r\n") if line)


def test_the_calendar_file_is_one_event_that_changes_and_is_called_off(db, nation, application):
    found = called(db, nation, application)
    first = unfolded(calendar(found))
    assert first["METHOD"] == "PUBLISH"
    assert (first["DTSTART"], first["DTEND"]) == ("20260309T090000Z", "20260309T103000Z")
    assert first["LOCATION"] == "Room 4\\; second floor\\, left"
    assert application.reference in first["DESCRIPTION"]
    assert "Counting" not in calendar(found)  # no title
    meeting.move(db, by=nation.cast.steward, meeting=found, starts=NEXT + DAY, lasts=60, place="x", now=MORNING)
    meeting.move(db, by=nation.cast.steward, meeting=found, starts=NEXT + DAY, lasts=60, place=" x ", now=MORNING)
    second = unfolded(calendar(found))
    meeting.cancel(db, by=nation.cast.steward, meeting=found, now=MORNING)
    third = unfolded(calendar(found))
    assert first["UID"] == second["UID"] == third["UID"]
    assert [each["SEQUENCE"] for each in (first, second, third)] == ["0", "1", "2"]
    assert (third["METHOD"], third["STATUS"]) == ("CANCEL", "CANCELLED")


@given(st.text(max_size=400))
def test_a_line_is_folded_at_75_octets_and_can_be_put_together_again(said):
    line = f"SUMMARY:{escaped(said)}"
    pieces = folded(line).split("\r\n")
    assert all(len(each.encode()) <= 75 for each in pieces)
    assert all(each.startswith(" ") for each in pieces[1:])
    assert folded(line).replace("\r\n ", "") == line
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line)


def test_the_file_goes_with_the_letter(db, nation, application):
    called(db, nation, application)
    notice = db.query(Notice).filter_by(kind=Kind.MEETING).first()
    message = letter([notice], name="x")
    (attached,) = message.iter_attachments()
    assert (attached.get_content_type(), attached.get_param("method")) == ("text/calendar", "PUBLISH")
    assert attached.get_filename() == "meeting.ics"
    assert attached.get_content().replace("\n", "\r\n").replace("\r\r", "\r") == notice.calendar


@pytest.fixture
def committed(fresh_database):
    with transaction() as db:
        nation = the_nation(db)
        return nation, reviewed(db, nation)


def test_a_steward_calls_moves_and_cancels_at_the_pages(app, committed):
    nation, application = committed
    walk = Walk(app)
    walk.sign_in(nation.cast.steward)
    walk.open("/meetings")
    empty = walk.press("Call the meeting").text
    asked = ("Enter the day", "Enter the time", "Say where it is", "Put between one and fifty")
    assert sorted(asked, key=empty.index) == list(asked)  # as the fields come
    assert "Enter the day" in walk.press("Call the meeting", place="Room 4", applications=[application.id]).text
    when = {"day-day": "9", "day-month": "3", "day-year": "2199", "time": "14:30"}
    page = walk.press("Call the meeting", place="Room 4", applications=[application.id], **when)
    assert "is called" in page.text
    assert "9 Mar 2199, 14:30 UTC" in page.text
    assert "3 are needed for a quorum" in page.text
    there = walk.page.path
    assert "new calendar file" in walk.press("Move the meeting", time="15:30").text
    walk.sign_in(nation.members[0])
    assert application.reference in walk.open(there).text
    assert "SEQUENCE:1" in walk.open(f"{there}/meeting.ics").text
    walk.sign_in(nation.cast.applicant)
    walk.sign_in(nation.cast.steward)
    walk.open(there)
    assert "is cancelled" in walk.press("Cancel the meeting").text


def test_the_same_through_the_api(app, committed):
    nation, application = committed
    priya, mia = ApiClient(app, nation.cast.steward), ApiClient(app, nation.members[0])
    root = "/api/v1/applications/meetings"
    sent = {"starts": "2199-03-09T14:30:00Z", "place": "Room 4", "applications": [application.id]}
    assert mia.post(root, json=sent).status_code == 403
    assert priya.post(root, json={**sent, "starts": None}).status_code == 422
    made = priya.post(root, json=sent)
    assert (made.status_code, made.json["needed"], made.json["sequence"]) == (201, 3, 0)
    where = f"{root}/{made.json['id']}"
    assert [each["id"] for each in mia.get(root).json] == [made.json["id"]]
    assert priya.post(f"{where}/move", json={**sent, "lasts": 30}).json["sequence"] == 1
    early = priya.post(f"{where}/minutes", json={"minutes": "x"})
    assert early.json["code"] == "meeting-not-begun"
    assert mia.get(f"{where}/meeting.ics").headers["Content-Type"].startswith("text/calendar")
    assert priya.post(f"{where}/cancel").json["cancelled_at"]
    assert priya.post(f"{where}/cancel").json["code"] == "meeting-over"
