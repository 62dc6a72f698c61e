"""Whoever watches over the data can ask and object; a steward answers in time, and can stop the use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from gateway import db as database
from gateway.clock import now
from gateway.notices.models import Notice
from gateway.people.models import Account
from gateway.projects.commands import add_member
from gateway.projects.grant_changes import OwnProject
from gateway.projects.models import Project
from gateway.trail.models import Opening
from gateway.trail.record import SYSTEM
from gateway.transparency import commands, queries
from gateway.transparency.models import Concern, Kind
from gateway.transparency.reminding import remind_of_concerns
from tests.people.visitors import an_account, bearer, send, signed_in
from tests.release.builders import DAY, World, a_gateway, events, the_template

TEXT = "Why do they need slides of children?"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("concerns"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        an_account("grace", "ppie-panel")
        an_account("sam", "data-steward")
        yield made


def account(name: str) -> Account:
    with database.reading() as db:
        return db.query(Account).filter_by(email=f"{name}@example.org").one()


def a_concern(
    world: World, kind: Kind = Kind.CONCERN, *, by: str = "grace", text: str = TEXT, at: datetime | None = None
) -> Concern:
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        return commands.raise_concern(db, by=account(by), project=project, kind=kind, text=text, now=at or now())


def raised(panel: FlaskClient, world: World, **fields: str) -> Any:
    use = f"/usage/{world.release.project_id}"
    return send(panel, use, f"{use}/concerns", **fields)


def test_a_panel_member_asks_and_a_steward_answers(world: World) -> None:
    panel, steward = signed_in(world.app, "grace"), signed_in(world.app, "sam")
    page = raised(panel, world, kind="ask", text=f"  {TEXT} ").headers["Location"]
    assert "Answer due by" in panel.get(page).text
    home = steward.get("/").text
    assert "Questions and concerns of the panel wait" in home
    assert "None of them is late" in home
    assert send(steward, page, f"{page}/answer", answer="They do not: the youngest is 19.").status_code == 303
    told = panel.get(f"/usage/{world.release.project_id}").text
    assert "the youngest is 19" in told
    assert "Answered" in told
    assert "wait for an answer" not in steward.get("/").text


def test_what_is_said_and_answered_is_on_the_trail_and_the_words_can_be_taken_out(world: World) -> None:
    made = a_concern(world, Kind.ASK, at=now() - 20 * DAY)
    with database.transaction() as db:
        commands.answer(db, by=account("sam"), concern=queries.concern(db, made.id), text="Soon.", now=now())
    first, second = events("concern.raised", "concern.answered")
    assert {first.subject, second.subject} == {made.id}
    assert first.project == world.release.project_id
    assert second.detail == {"late": True}
    assert TEXT not in first.body
    with database.reading() as db:
        assert db.get_one(Opening, (first.seq, "personal.text")).value == TEXT


def test_a_concern_stops_the_project_until_somebody_lets_it_go_on(world: World) -> None:
    made, steward = a_concern(world), signed_in(world.app, "sam")
    assert world.get("/studies").status_code == 200
    page = f"/concerns/{made.id}"
    assert send(steward, page, f"{page}/suspend").status_code == 303
    refused = world.get("/studies")
    assert (refused.status_code, refused.json["code"]) == (403, "grant-suspended")
    assert f"A concern was raised: {TEXT}" in signed_in(world.app).get(f"/projects/{world.release.project_id}").text
    assert [each.detail for each in events("concern.suspended")] == [{"grants": [world.release.grant_id]}]
    assert "already" not in send(steward, page, f"{page}/answer", answer="We look into it.").text
    resumed = f"/projects/{world.release.project_id}"
    send(steward, resumed, f"{resumed}/grants/{world.release.grant_id}/resume")
    assert world.get("/studies").status_code == 200


@pytest.mark.parametrize("kind", [Kind.ASK, Kind.COMMENT])
def test_a_question_or_a_comment_stops_nobody(world: World, kind: Kind) -> None:
    made = a_concern(world, kind)
    with pytest.raises(commands.NoConcern), database.transaction() as db:
        commands.suspend_for(db, by=account("sam"), concern=queries.concern(db, made.id), now=now())
    assert world.get("/studies").status_code == 200


def test_where_no_access_runs_there_is_nothing_to_suspend(world: World) -> None:
    made = a_concern(world)
    world.revoke()
    with pytest.raises(commands.NothingToSuspend), database.transaction() as db:
        commands.suspend_for(db, by=account("sam"), concern=queries.concern(db, made.id), now=now())


def test_what_is_overdue_comes_first_and_the_dashboard_says_so(world: World) -> None:
    for days, kind in ((1, Kind.COMMENT), (2, Kind.ASK), (40, Kind.CONCERN), (15, Kind.ASK)):
        a_concern(world, kind, text=f"said {days} days ago", at=now() - days * DAY)
    with database.reading() as db:
        found = queries.page_of_concerns(db, account("sam"), now(), 1).rows
        assert queries.owed(db, now()) == queries.Owed(open=3, overdue=2)
    assert [each.text.split()[1] for each in found] == ["40", "15", "2", "1"]
    assert [each.overdue for each in found] == [True, True, False, False]
    steward = signed_in(world.app, "sam")
    assert "2 of them too long" in steward.get("/").text
    page = steward.get("/concerns").text
    assert page.index("said 40") < page.index("said 15") < page.index("said 2 ") < page.index("said 1 ")
    assert page.count("Overdue since") == 2


def told_to(name: str) -> list[str]:
    with database.reading() as db:
        mine = select(Notice).where(Notice.account_id == account(name).id).order_by(Notice.made_at, Notice.id)
        return [each.text for each in db.scalars(mine)]


def test_stewards_are_told_what_was_raised_and_whoever_raised_it_what_was_answered(world: World) -> None:
    an_account("both", "data-steward", "ppie-panel")
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        add_member(db, by=SYSTEM, project=project, account=account("both"), now=now())
    made = a_concern(world)
    (text,) = told_to("sam")
    assert text.startswith("A concern about the use of data by project ")
    assert f"due by {made.due_at:%Y-%m-%d}" in text
    assert TEXT not in text
    assert not any("concern" in each for each in told_to("both"))  # on the project itself
    with database.transaction() as db:
        commands.answer(db, by=account("sam"), concern=queries.concern(db, made.id), text="We look.", now=now())
    (text,) = told_to("grace")
    assert text.endswith("has been answered")


def test_stewards_are_reminded_once_before_an_answer_is_due_and_once_after(world: World) -> None:
    made, moment = a_concern(world, Kind.ASK), now()
    a_concern(world, Kind.COMMENT)
    said = []
    for days in (5, 11, 12, 14, 20):
        before = told_to("sam")
        for _ in range(2):
            with database.transaction() as db:
                remind_of_concerns(db, now=moment + days * DAY)
        said.append([each.split(" ", 5)[-1] for each in told_to("sam") if each not in before])
    due = f"is due by {made.due_at:%Y-%m-%d}"
    assert said == [[], [due], [], ["is owed since longer than was promised"], []]
    with database.transaction() as db:
        commands.answer(db, by=account("sam"), concern=queries.concern(db, made.id), text="So.", now=moment)
        assert queries.waiting(db, due_before=moment + 99 * DAY) == []


def test_an_answer_is_due_after_the_days_of_the_setting(world: World) -> None:
    moment = now()
    made = a_concern(world, Kind.ASK, at=moment)
    assert made.due_at == moment + timedelta(days=14)
    assert not made.overdue(moment + timedelta(days=14, microseconds=-1))
    assert made.overdue(moment + timedelta(days=14))
    assert a_concern(world, Kind.COMMENT).due_at is None


def test_an_answer_is_given_once_and_ends_what_can_be_done(world: World) -> None:
    made = a_concern(world)
    with database.transaction() as db:
        commands.answer(db, by=account("sam"), concern=queries.concern(db, made.id), text="First.", now=now())
    for step in (commands.answer, commands.suspend_for):
        more = {"text": "Second."} if step is commands.answer else {}
        with pytest.raises(commands.AnsweredAlready), database.transaction() as db:
            step(db, by=account("sam"), concern=queries.concern(db, made.id), now=now(), **more)  # type: ignore[operator]
    assert world.get("/studies").status_code == 200


def test_nobody_answers_themselves_or_for_their_own_project(world: World) -> None:
    an_account("both", "data-steward", "ppie-panel")
    own, other = a_concern(world, by="both"), a_concern(world)
    with pytest.raises(commands.OwnConcern), database.transaction() as db:
        commands.answer(db, by=account("both"), concern=queries.concern(db, own.id), text="Fine.", now=now())
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        add_member(db, by=SYSTEM, project=project, account=account("sam"), now=now())
    for step, more in ((commands.answer, {"text": "Fine."}), (commands.suspend_for, {})):
        with pytest.raises(OwnProject), database.transaction() as db:
            step(db, by=account("sam"), concern=queries.concern(db, other.id), now=now(), **more)  # type: ignore[operator]


def test_who_said_it_is_for_stewards_and_for_whoever_did(world: World) -> None:
    an_account("omar", "site-custodian")
    made = a_concern(world)
    told = {name: signed_in(world.app, name).get(f"/concerns/{made.id}").text for name in ("sam", "grace", "omar")}
    assert "Grace, " in told["sam"]
    assert "Grace, " in told["grace"]
    assert "Grace" not in told["omar"]
    assert "Patient and public panel member" in told["omar"]


@pytest.mark.parametrize(
    ("role", "reads", "raises", "answers"),
    [
        ("ppie-panel", 200, 303, 403),
        ("site-custodian", 200, 303, 403),
        ("data-steward", 200, 403, 303),
        ("auditor", 200, 403, 403),
        ("committee-chair", 200, 403, 403),
        ("researcher", 403, 403, 403),
    ],
)
def test_who_may_read_raise_and_answer(world: World, role: str, reads: int, raises: int, answers: int) -> None:
    an_account("kim", role)
    browser, made = signed_in(world.app, "kim"), a_concern(world)
    assert browser.get("/concerns").status_code == reads
    assert browser.get(f"/concerns/{made.id}").status_code == reads
    use = f"/usage/{world.release.project_id}"
    assert send(browser, "/account", f"{use}/concerns", kind="ask", text="Why?").status_code == raises
    assert send(browser, "/account", f"/concerns/{made.id}/suspend").status_code == answers
    assert send(browser, "/account", f"/concerns/{made.id}/answer", answer="So.").status_code == answers
    assert (f'action="{use}/concerns"' in browser.get(use).text) == (raises == 303)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"kind": "ask", "text": "  "}, "Say what it is about"),
        ({"text": "Why?"}, "Choose what you want to do"),
        ({"kind": "shout", "text": "Why?"}, "Choose what you want to do"),
        ({"kind": "ask", "text": "x" * 4001}, "Use at most 4,000 characters"),
    ],
)
def test_what_is_missing_is_said_beside_it(world: World, sent: dict[str, str], fault: str) -> None:
    answer = raised(signed_in(world.app, "grace"), world, **sent)
    assert answer.status_code == 422
    assert fault in answer.text
    assert events("concern.raised") == []


def test_programs_do_the_same(world: World) -> None:
    panel, steward = (bearer(world.token_for(account(name), "account")) for name in ("grace", "sam"))
    root, client = "/api/v1/concerns", world.browser
    sent = {"project_id": world.release.project_id, "kind": "concern", "text": TEXT}
    made = client.post(root, json=sent, headers=panel)
    assert (made.status_code, made.json["state"], made.json["who"]) == (201, "open", "Grace")
    own = f"{root}/{made.json['id']}"
    assert client.post(f"{own}/suspend", headers=panel).status_code == 403
    assert client.post(f"{own}/suspend", headers=steward).json["suspended_at"]
    told = client.post(f"{own}/answer", json={"answer": "Stopped."}, headers=steward).json
    assert (told["state"], told["answer"]) == ("answered", "Stopped.")
    assert client.post(f"{own}/answer", json={"answer": "Again."}, headers=steward).status_code == 409
    assert client.get(own, headers=panel).json == client.get(root, headers=panel).json[0]
    assert client.post(root, json={**sent, "project_id": "nowhere"}, headers=panel).status_code == 404
    assert client.post(root, json={**sent, "text": ""}, headers=panel).status_code == 422
    assert client.get(f"{root}/nothing", headers=panel).status_code == 404
    assert client.get(root).status_code == 401
