"""A new question, stage or group of reviewers is one change to one file of policies/, and to nothing else.

Each test copies the policies, changes one of them, starts the gateway with the copy, and takes an application from the
first click to access, by the pages and by the API. Whoever has something waiting does it; nobody tells them what.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import gateway.consent.models  # noqa: F401  # its tables: a dataset tells what patients agreed to
from gateway import settings
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance.form import read_form
from gateway.governance.models import Application
from gateway.people.models import Account
from gateway.settings import ROOT
from tests.governance.cast import Cast, an_account, database, good_answers, the_cast
from tests.governance.test_pages import section_values
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
API = "/api/v1/applications"
ROUNDS = 5  # in which everybody does what waits for them
TEAM: dict[str, Any] = {"team": ["ben@example.org"]}
QUESTION = """
[[section.question]]
key = "novelty"
kind = "text"
text = "What is new about it?"
max_length = 100

[[section]]
key = "data"
"""
STATISTICS = """
[[stage]]
kind = "review"
key = "statistics"
title = "Statistics review"
role = "scientific-reviewer"
reviewers = 1
quorum = 1
"""
VOTE = """
[[stage]]
kind = "vote"
key = "show-of-hands"
title = "Show of hands"
role = "committee-member"
quorum = 2
"""
DECISION = '[[stage]]\nkind = "decision"'
BESIDE = 'together = "judging"\n'
DOES = {
    "Choose reviewers": ("Start the review", {"no_conflict": "yes"}),
    "Give your recommendation": ("Send your review", {"conflict": "no", "recommendation": "approve"}),
    "Vote": ("Cast your vote", {"choice": "yes", "no_conflict": "yes"}),
    "Decide": ("Confirm decision", {"outcome": "approve", "no_conflict": "yes"}),
}


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[Callable[[str, str, str], Flask]]:
    """The gateway with one text in one policy replaced."""
    before, opened = settings.current(), []

    def change(name: str, text: str, by: str) -> Flask:
        policies = tmp_path / "policies"
        shutil.copytree(ROOT / "policies", policies)
        source = (policies / name).read_text("utf-8")
        assert text in source
        (policies / name).write_text(source.replace(text, by, 1), "utf-8")
        settings.use(replace(before, policies_dir=policies))
        opened.append(an_app(tmp_path))
        return next(opened[0])

    yield change
    for each in opened:
        next(each, None)
    settings.use(before)


@pytest.fixture
def cast() -> Cast:
    with transaction() as db:
        found = the_cast(db)
        an_account(db, "Sol", "scientific-reviewer")
        for name in ("Mia", "Max"):
            an_account(db, name, "committee-member")
        return found


def judges() -> list[Account]:
    with reading() as db:
        team = ("Ada", "Ben")
        return [each for each in db.query(Account).order_by(Account.name) if each.name not in team]


def by_pages(app: Flask, cast: Cast, answers: dict[str, Any]) -> list[str]:
    """From the first click to access; gives what was done, in order, and what Sol did."""
    walk, done = Walk(app), []
    walk.sign_in(cast.applicant)
    walk.open("/applications/new?dataset=breast")
    page = walk.press("Start now")
    application_id = re.search(r"/applications/([0-9a-z]{16})/", page.path)[1]
    for section in read_form(settings.current().policies_dir, "research-access").sections:
        page = walk.press("Save and continue", **section_values(section, answers))
    assert "Your application is submitted" in walk.press("Submit application").text
    for _ in range(ROUNDS):
        for person in judges():
            walk.sign_in(person)
            waits = re.search(r"<strong>([\w ]+)\.</strong> Waiting since", walk.open("/reviews").text)
            if waits:
                button, sent = DOES[waits[1]]
                walk.open(f"/reviews/{application_id}")
                assert walk.press(button, **sent).status == 200
                done.append(waits[1] if person.name != "Sol" else f"Sol: {waits[1]}")
    walk.sign_in(cast.applicant)
    assert "Approved" in walk.open(f"/applications/{application_id}").text
    return done


def by_api(app: Flask, cast: Cast, answers: dict[str, Any]) -> list[str]:
    """The same with programs."""
    ada, done = ApiClient(app, cast.applicant), []
    url = f"{API}/{ada.post(API, json={'answers': answers}).json['id']}"
    assert ada.post(f"{url}/submit", json={}).status_code == 200
    day = now().date().replace(day=1, month=1, year=now().year + 1).isoformat()
    with reading() as db:
        ids = {each.name: each.id for each in db.query(Account)}
    wanted = {"ethics": [ids["Tom"], ids["Ruth"]], "statistics": [ids["Sol"]]}
    for _ in range(ROUNDS):
        with reading() as db:
            groups = [each.key for each in db.get_one(Application, url.rpartition("/")[2]).workflow.groups]
        chosen = {each: wanted[each] for each in groups}
        steps = {
            "Choose reviewers": ("reviewers", {"no_conflict": True, "reviewers": chosen}),
            "Give your recommendation": ("reviews", {"conflict": False, "recommendation": "approve"}),
            "Vote": ("votes", {"no_conflict": True, "choice": "yes"}),
            "Decide": ("decision", {"outcome": "approve", "no_conflict": True, "ends_on": day}),
        }
        for person in judges():
            client = ApiClient(app, person)
            for what in [each["what"] for each in client.get(f"{API}/waiting").json]:
                path, body = steps[what]
                assert client.post(f"{url}/{path}", json=body).status_code == 200
                done.append(what if person.name != "Sol" else f"Sol: {what}")
    assert ada.get(url).json["state"] == "approved"
    return done


WAYS = pytest.mark.parametrize("go", [by_pages, by_api])
USUAL = ["Choose reviewers", "Give your recommendation", "Give your recommendation", "Decide"]


@WAYS
def test_a_new_question_is_one_change_to_the_form(changed, cast, go):
    app = changed("forms/research-access.toml", '\n[[section]]\nkey = "data"\n', QUESTION)
    refused = ApiClient(app, cast.applicant)
    draft = refused.post(API, json={"answers": good_answers()}).json["id"]
    assert "novelty: Enter an answer" in refused.post(f"{API}/{draft}/submit", json={}).text
    assert go(app, cast, good_answers(novelty="All of it", **TEAM)) == USUAL
    with reading() as db:
        kept = db.query(Application).filter_by(state="approved").one()
        assert (kept.answers["novelty"], "novelty" in kept.form_text.source) == ("All of it", True)


@WAYS
def test_a_new_stage_is_one_change_to_the_workflow(changed, cast, go):
    app = changed("workflows/standard.toml", DECISION, STATISTICS + VOTE + DECISION)
    done = go(app, cast, good_answers(**TEAM))
    assert done == [*USUAL[:3], "Sol: Give your recommendation", "Vote", "Vote", "Decide"]


@WAYS
def test_a_new_group_of_reviewers_beside_the_others_is_one_change_to_the_workflow(changed, cast, go):
    group = 'key = "ethics"\n'
    app = changed("workflows/standard.toml", group, group + BESIDE)
    path = settings.current().policies_dir / "workflows" / "standard.toml"
    path.write_text(path.read_text("utf-8").replace(DECISION, STATISTICS + BESIDE + DECISION), "utf-8")
    done = go(app, cast, good_answers(**TEAM))
    assert sorted(done[1:-1]) == [*USUAL[1:3], "Sol: Give your recommendation"]
    assert (done[0], done[-1]) == (USUAL[0], USUAL[-1])


def test_nobody_reviews_at_a_stage_that_has_not_begun(changed, cast):
    app = changed("workflows/standard.toml", DECISION, STATISTICS + DECISION)
    ada, priya = ApiClient(app, cast.applicant), ApiClient(app, cast.steward)
    url = f"{API}/{ada.post(API, json={'answers': good_answers()}).json['id']}"
    ada.post(f"{url}/submit", json={})
    with reading() as db:
        sol = db.query(Account).filter_by(name="Sol").one()
    asked = {"ethics": [each.id for each in cast.reviewers[:2]], "statistics": [sol.id]}
    assert priya.post(f"{url}/reviewers", json={"no_conflict": True, "reviewers": asked}).status_code == 200
    early = ApiClient(app, sol)
    assert early.get(f"{API}/waiting").json == []
    refused = early.post(f"{url}/reviews", json={"conflict": False, "recommendation": "approve"})
    assert (refused.status_code, refused.json["code"]) == (409, "too-early")
