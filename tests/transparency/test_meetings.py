"""The panel meets, writes minutes down, and votes on each project's use; what is not content reaches the stewards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway import db as database
from gateway.clock import now
from gateway.errors import Invalid
from gateway.people.models import Account
from gateway.projects.commands import add_member
from gateway.projects.grant_changes import OwnProject
from gateway.projects.models import Project
from gateway.trail.models import Opening
from gateway.trail.record import SYSTEM
from gateway.transparency import meetings, queries, tallies
from gateway.transparency.models import Choice, UsageMeeting
from tests.people.visitors import an_account, bearer, send, signed_in
from tests.release.builders import World, a_gateway, events, the_template

MINUTES = "We looked at two projects. We would like to know who pays."


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("meetings"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        for name in ("grace", "hal"):
            an_account(name, "ppie-panel")
        an_account("sam", "data-steward")
        yield made


def account(name: str) -> Account:
    with database.reading() as db:
        return db.query(Account).filter_by(email=f"{name}@example.org").one()


def a_meeting(days_ago: int = 1) -> UsageMeeting:
    with database.transaction() as db:
        held_on = now().date() - timedelta(days=days_ago)
        return meetings.record_minutes(db, by=account("grace"), held_on=held_on, minutes=MINUTES, now=now())


def a_vote(world: World, choice: Choice, reason: str = "", by: str = "grace") -> None:
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        meetings.vote(db, by=account(by), project=project, choice=choice, reason=reason, now=now())


def use_of(world: World) -> str:
    return f"/usage/{world.release.project_id}"


def day(when: date) -> dict[str, str]:
    return {"held_on-day": str(when.day), "held_on-month": str(when.month), "held_on-year": str(when.year)}


def test_a_panel_writes_its_minutes_down_and_votes(world: World) -> None:
    grace, sam = signed_in(world.app, "grace"), signed_in(world.app, "sam")
    assert "has not voted on this project yet" in grace.get(use_of(world)).text
    sent = send(grace, "/usage/meetings", "/usage/meetings", minutes=MINUTES, **day(now().date()))
    assert sent.status_code == 303
    assert MINUTES in sam.get("/usage/meetings").text
    vote = {"choice": "not-content", "reason": "Nobody says who pays."}
    assert send(grace, use_of(world), f"{use_of(world)}/votes", **vote).status_code == 303
    assert (
        send(signed_in(world.app, "hal"), use_of(world), f"{use_of(world)}/votes", choice="content").status_code == 303
    )
    assert "1 content, 0 with questions, 1 not content" in sam.get("/usage").text
    page = sam.get(use_of(world)).text
    assert "Nobody says who pays." in page
    assert "Grace" not in sam.get("/usage/meetings").text
    assert f'action="{use_of(world)}/votes"' not in grace.get(use_of(world)).text  # once


def test_what_is_not_content_reaches_the_stewards_as_a_concern(world: World) -> None:
    a_meeting()
    a_vote(world, Choice.NOT_CONTENT, "Nobody says who pays.")
    a_vote(world, Choice.QUESTIONS, "Who pays?", by="hal")
    with database.reading() as db:
        found = queries.page_of_concerns(db, account("sam"), now(), 1).rows
    assert {(each.kind, each.state) for each in found} == {("concern", "open"), ("ask", "open")}
    assert all(each.due_at for each in found)
    assert "Questions and concerns of the panel wait" in signed_in(world.app, "sam").get("/").text


def test_contentment_needs_no_reason_and_all_else_does(world: World) -> None:
    a_meeting()
    for choice in (Choice.QUESTIONS, Choice.NOT_CONTENT):
        with pytest.raises(Invalid):
            a_vote(world, choice, "  ")
    a_vote(world, Choice.CONTENT)
    answer = send(signed_in(world.app, "hal"), use_of(world), f"{use_of(world)}/votes", choice="questions", reason=" ")
    assert (answer.status_code, "Say why, or what you would like to know" in answer.text) == (422, True)


def test_a_member_votes_once_at_each_meeting(world: World) -> None:
    with pytest.raises(meetings.NoMeeting):
        a_vote(world, Choice.CONTENT)
    a_meeting(days_ago=40)
    a_vote(world, Choice.CONTENT)
    with pytest.raises(meetings.VotedAlready):
        a_vote(world, Choice.NOT_CONTENT, "I changed my mind.")
    a_meeting(days_ago=2)
    a_vote(world, Choice.NOT_CONTENT, "I changed my mind.")
    with database.reading() as db:
        told = tallies.of_project(db, world.release.project_id)
        assert [(each.content, each.not_content) for each in told] == [(0, 1), (1, 0)]
        project = world.release.project_id
        assert tallies.at_the_last_meeting(db, [project])[project].not_content == 1


def test_nobody_votes_on_their_own_project(world: World) -> None:
    a_meeting()
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        add_member(db, by=SYSTEM, project=project, account=account("hal"), now=now())
    with pytest.raises(OwnProject):
        a_vote(world, Choice.CONTENT, by="hal")


def test_minutes_and_votes_are_on_the_trail_and_their_words_can_be_taken_out(world: World) -> None:
    made = a_meeting()
    a_vote(world, Choice.NOT_CONTENT, "Nobody says who pays.")
    first, second = events("usage.meeting-recorded", "usage.voted")
    assert (first.subject, first.detail) == (made.id, {"held_on": made.held_on.isoformat()})
    assert (second.project, second.detail["choice"]) == (world.release.project_id, "not-content")
    assert MINUTES not in first.body
    assert "pays" not in second.body
    with database.reading() as db:
        said = db.scalars(select(Opening.value).where(Opening.seq.in_((first.seq, second.seq)))).all()
    assert {MINUTES, "Nobody says who pays."} <= set(said)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"minutes": MINUTES}, "Enter the day of the meeting"),
        ({"minutes": MINUTES, **day(date(2999, 1, 1))}, "today or before"),
        ({"minutes": MINUTES, "held_on-day": "31", "held_on-month": "2", "held_on-year": "2026"}, "Enter the day"),
        ({"minutes": " ", **day(date(2026, 1, 1))}, "Write the minutes"),
    ],
)
def test_what_is_missing_is_said_beside_it(world: World, sent: dict[str, str], fault: str) -> None:
    answer = send(signed_in(world.app, "grace"), "/usage/meetings", "/usage/meetings", **sent)
    assert answer.status_code == 422
    assert fault in answer.text
    assert events("usage.meeting-recorded") == []


@pytest.mark.parametrize(
    ("role", "reads", "records", "votes"),
    [
        ("ppie-panel", 200, 303, 303),
        ("data-steward", 200, 303, 403),
        ("site-custodian", 200, 403, 403),
        ("auditor", 200, 403, 403),
        ("researcher", 403, 403, 403),
    ],
)
def test_who_may_read_record_and_vote(world: World, role: str, reads: int, records: int, votes: int) -> None:
    a_meeting()
    an_account("kim", role)
    browser = signed_in(world.app, "kim")
    assert browser.get("/usage/meetings").status_code == reads
    sent = send(browser, "/account", "/usage/meetings", minutes=MINUTES, **day(now().date()))
    assert sent.status_code == records
    assert send(browser, "/account", f"{use_of(world)}/votes", choice="content").status_code == votes


def test_programs_do_the_same(world: World) -> None:
    grace, sam = (bearer(world.token_for(account(name), "account")) for name in ("grace", "sam"))
    client, root = world.browser, "/api/v1/usage"
    votes = f"{root}/{world.release.project_id}/votes"
    sent: dict[str, Any] = {"held_on": now().date().isoformat(), "minutes": MINUTES}
    assert client.post(votes, json={"choice": "content"}, headers=grace).json["code"] == "no-usage-meeting"
    made = client.post(f"{root}/meetings", json=sent, headers=sam)
    assert (made.status_code, made.json["minutes"]) == (201, MINUTES)
    told = client.post(votes, json={"choice": "not-content", "reason": "Who pays?"}, headers=grace)
    assert (told.status_code, told.json["not_content"], told.json["reasons"]) == (201, 1, ["Who pays?"])
    assert client.get(votes, headers=sam).json == [told.json]
    assert client.get(f"{root}/meetings", headers=sam).json[0]["tallies"] == [told.json]
    assert client.post(votes, json={"choice": "content"}, headers=sam).status_code == 403
    assert client.post(f"{root}/nowhere/votes", json={"choice": "content"}, headers=grace).status_code == 404
    assert client.get(f"{root}/meetings").status_code == 401
