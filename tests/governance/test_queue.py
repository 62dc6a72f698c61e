"""What the database finds to wait for somebody is what the desk says of each application, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from gateway.db import transaction
from gateway.governance import applying, committee, reviewing
from gateway.governance.desk import desk, waiting_for
from gateway.governance.models import Application, Choice, Recommendation, SiteAnswer
from gateway.governance.queue import queue
from gateway.people.models import Account, AccountRole
from gateway.people.roles import roles
from tests.governance.cast import DAY, MORNING, all_declare, an_account, database, one_in_review, one_to_decide
from tests.governance.national import Nation, reviewed, site_says, submitted, the_nation, votes


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    bound = database(tmp_path)
    next(bound)
    with transaction() as session:
        yield session
    next(bound, None)


def one_at_each_stage(db: Session, nation: Nation) -> None:
    """Under both workflows; of some parts somebody has stepped aside or answered."""
    one_in_review(db, nation.cast)
    one_to_decide(db, nation.cast)
    submitted(db, nation)
    reviewed(db, nation, "lay")
    for answered in ((), ("north",), ("north", "south")):
        at_sites = reviewed(db, nation)
        for code in answered:
            site_says(db, nation, at_sites, code, SiteAnswer.AGREED)
    votes(db, nation, at_sites, Choice.YES)
    voted = reviewed(db, nation)
    for code in ("north", "south"):
        site_says(db, nation, voted, code, SiteAnswer.AGREED)
    votes(db, nation, voted, Choice.YES, Choice.YES, Choice.NO)
    lacking = reviewed(db, nation, "scientific")
    committee.declare_conflict(db, by=nation.reviewers["ethics"][0], application=lacking, why="A friend", now=MORNING)
    applying.withdraw(db, by=nation.cast.applicant, application=submitted(db, nation), now=MORNING)


def test_the_queue_of_everybody_is_what_their_desks_say(db: Session) -> None:
    nation = the_nation(db)
    one_at_each_stage(db, nation)
    everything = an_account(db, "Every", *roles().by_key)
    both = an_account(db, "Both", "data-steward", "ethics-reviewer", "committee-chair", "committee-member")
    assert {desk(db, each, everything).asks for each in db.query(Application)} >= {"triage", "vote", "decide"}
    one = submitted(db, nation)
    all_declare(db, one)
    asked = {**nation.reviewers, "ethics": (both, nation.reviewers["ethics"][0])}
    reviewing.begin_review(db, by=both, application=one, reviewers=asked, now=MORNING + DAY)
    reviewing.recommend(db, by=both, application=one, recommendation=Recommendation.APPROVE, now=MORNING + 2 * DAY)
    for account in db.query(Account):
        asks = {each.id for each in db.query(Application) if desk(db, each, account).asks != "nothing"}
        named = account.name == "Ben"  # is on the team by his address alone, which only the desk sees
        assert asks == set() if named else asks == set(queue(db, account).ids), account.name
        waits = waiting_for(db, account)
        assert {each.application.id for each in waits.page.rows} == asks
        assert waits.total == len(asks)
        assert [each.since for each in waits.page.rows] == sorted(each.since for each in waits.page.rows)


def test_whoever_is_named_on_a_team_finds_nothing_of_it_in_their_queue(db: Session) -> None:
    nation = the_nation(db)
    submitted(db, nation)  # names Ben, who holds every role, by his address
    ben = nation.cast.colleague
    assert [*waiting_for(db, ben).page.rows] == []
    ben.roles = [AccountRole(role="data-steward")]
    assert waiting_for(db, ben).total == 0
