"""What is about to end, has ended or is overdue is said once, by the loop that runs beside the queue."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import db as database
from gateway.errors import Invalid
from gateway.governance import reviewing
from gateway.governance.models import Choice, SiteAnswer
from gateway.governance.reminding import remind_of_reviews, remind_of_turns, reviews
from gateway.jobs import rounds
from gateway.notices.models import Kind, Notice
from gateway.people.models import Account
from gateway.projects import grant_changes, grants
from gateway.projects.ending import ends, remind_of_ends
from gateway.projects.readiness import NOTHING
from gateway.trail.record import SYSTEM
from tests.governance import cast
from tests.governance.cast import DAY, MORNING
from tests.governance.national import site_says, submitted, the_nation, votes


@pytest.fixture(autouse=True)
def bound(tmp_path: Path) -> Iterator[None]:
    yield from cast.database(tmp_path)


def a_grant(days: int) -> str:
    with database.transaction() as db:
        project = cast.a_project(db, lead=cast.an_account(db, "Ada"))
        return cast.a_grant(db, project=project, ends=MORNING + days * DAY).id


def after(moment: timedelta) -> list[str]:
    """What is said for the first time by then."""
    with database.transaction() as db:
        before = set(db.scalars(select(Notice.id)))
        remind_of_ends(db, now=MORNING + moment)
        remind_of_ends(db, now=MORNING + moment)
        new = db.scalars(select(Notice).where(Notice.id.not_in(before)))
        return [re.sub(r"^Access of project \S+ ", "", each.text) for each in new]


def test_the_end_of_access_is_said_30_and_7_days_before_and_when_it_is_there() -> None:
    a_grant(90)
    assert after(59 * DAY) == []
    assert after(60 * DAY) == ["ends on 2026-05-31 at 09:00 UTC: renew it in time, or close the project"]
    assert after(82 * DAY) == []
    assert after(83 * DAY) == ["ends on 2026-05-31 at 09:00 UTC: renew it in time, or close the project"]
    assert after(90 * DAY) == ["has ended"]
    assert after(91 * DAY) == []


def test_a_new_end_is_reminded_of_anew() -> None:
    grant_id = a_grant(20)
    assert len(after(DAY)) == 1
    with database.transaction() as db:
        grant = db.get_one(grants.Grant, grant_id)
        grant_changes.extend(db, by=SYSTEM, grant=grant, ends=MORNING + 25 * DAY, needs=NOTHING, now=MORNING)
    assert len(after(DAY)) == 1


def test_what_was_revoked_or_ended_long_ago_is_not_spoken_of() -> None:
    first = a_grant(20)
    with database.transaction() as db:
        grants.revoke(db, by=SYSTEM, grant=db.get_one(grants.Grant, first), reason="Enough", now=MORNING)
    assert after(10 * DAY) == after(20 * DAY) == []


def test_a_release_of_old_ends_after_a_long_stop_of_the_gateway_is_not_a_flood() -> None:
    a_grant(5)
    assert after(13 * DAY) == []


def overdue(now: datetime) -> list[tuple[str, str]]:
    with database.transaction() as db:
        for _ in range(2):
            remind_of_reviews(db, now=now)
        query = select(Notice).join(Account).where(Notice.kind == Kind.OVERDUE).order_by(Account.name)
        return [(each.account.name, each.href) for each in db.scalars(query)]


def test_a_late_review_is_said_once_to_the_reviewer_and_the_steward() -> None:
    with database.transaction() as db:
        people = cast.the_cast(db)
        application = cast.one_in_review(db, people)
        cast.approve_review(db, people.reviewers[0], application)
        path = f"/reviews/{application.id}"
    assert overdue(MORNING + 13 * DAY) == []
    assert overdue(MORNING + 14 * DAY) == [("Priya", path), ("Ruth", path)]
    assert len(overdue(MORNING + 99 * DAY)) == 2


def late(db: Session, now: datetime) -> set[tuple[str, str]]:
    """Who is told what for the first time by then; twice to see that it is once."""
    before = set(db.scalars(select(Notice.id)))
    for _ in range(2):
        remind_of_turns(db, now=now)
    new = db.scalars(select(Notice).where(Notice.kind == Kind.OVERDUE, Notice.id.not_in(before)))
    told = [(each.account.name, re.sub(r"^Application \S+ has waited for ", "", each.text)) for each in new]
    assert len(told) == len(set(told))
    return set(told)


def test_whose_turn_it_is_is_reminded_once_at_each_stage_when_nothing_moves() -> None:
    days, then = "for more than 14 days", MORNING + 14 * DAY
    with database.transaction() as db:
        nation = the_nation(db)
        application, steward = submitted(db, nation), nation.cast.steward
        assert late(db, then - timedelta(seconds=1)) == set()
        assert late(db, then) == {("Priya", f"its reviewers to be chosen {days}")}
        reviewing.begin_review(db, by=steward, application=application, reviewers=nation.reviewers, now=MORNING)
        assert late(db, then) == {(f"Keeper-{each}", f"the answer of your site {days}") for each in ("north", "south")}
        for reviewer in (each for group in nation.reviewers.values() for each in group):
            cast.approve_review(db, reviewer, application)
        for code in ("north", "south"):
            site_says(db, nation, application, code, SiteAnswer.AGREED)
        assert late(db, then) == {(each, f"your vote {days}") for each in ("Mia", "Max", "Moe")}
        votes(db, nation, application, Choice.YES, Choice.YES, Choice.YES)
        assert late(db, then) == {(each, f"your decision {days}") for each in ("Helen", "Una")}
        assert late(db, then + 99 * DAY) == set()


def test_the_loop_runs_every_round_and_goes_on_after_a_fault() -> None:
    stop, seen = threading.Event(), threading.Event()

    @rounds.go_round(every=0)
    def fails(now: datetime) -> None:
        raise Invalid

    @rounds.go_round(every=0)
    def works(now: datetime) -> None:
        seen.set()

    a_grant(20)
    try:
        thread = threading.Thread(target=rounds.keep_on, args=(stop, lambda: MORNING + DAY))
        thread.start()
        assert seen.wait(20)
        stop.set()
        thread.join(20)
        assert {ends, reviews} <= set(rounds._rounds)
    finally:
        del rounds._rounds[fails], rounds._rounds[works]
    with database.reading() as db:
        assert len(db.scalars(select(Notice).where(Notice.kind == Kind.ENDING)).all()) == 1
