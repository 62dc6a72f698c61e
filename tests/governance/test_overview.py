"""What waits for whom and for how long, and how long decisions take."""

from datetime import timedelta

import pytest

from gateway.clock import now
from gateway.db import transaction
from gateway.governance import appealing, committee, deciding
from gateway.governance.models import Choice, SiteAnswer
from gateway.governance.overview import Pace, Totals, overview, pace, totals
from gateway.settings import current
from tests.governance.cast import DAY, MORNING, a_submitted, database, one_in_review, one_to_decide, the_cast
from tests.governance.national import reviewed, site_says, the_nation
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)


@pytest.fixture
def db(fresh_database):
    with transaction() as db:
        yield db


def rows(db, account, moment=MORNING):
    return overview(db, account=account, page=1, now=moment).rows


def waits(db, account, moment=MORNING):
    return [(each.whom, each.what) for row in rows(db, account, moment) for each in row.waits]


def test_each_stage_waits_for_whom_the_rules_name(db):
    nation = the_nation(db)
    by = nation.cast.chair
    application = reviewed(db, nation, "scientific", "ethics")
    assert sorted(waits(db, by)) == [
        ("Lee", "Patient and public review"),
        ("Lou", "Patient and public review"),
        ("North", "Answer for its slides"),
        ("South", "Answer for its slides"),
    ]
    site_says(db, nation, application, "north", SiteAnswer.AGREED)
    assert ("North", "Answer for its slides") not in waits(db, by)


def test_votes_and_the_decision_come_last(db):
    nation = the_nation(db)
    application = reviewed(db, nation)
    for code in ("north", "south"):
        site_says(db, nation, application, code, SiteAnswer.AGREED)
    assert waits(db, nation.cast.chair) == [("committee-member", "Vote: 0 of 3 votes are in")]
    for member in nation.members:
        committee.cast_vote(db, by=member, application=application, choice=Choice.YES, now=MORNING)
    assert waits(db, nation.cast.chair) == [("committee-chair", "Decide")]


def test_what_waits_too_long_is_overdue_and_nothing_of_ones_own_is_shown(db):
    cast = the_cast(db)
    a_submitted(db, cast)
    one_in_review(db, cast)
    late = MORNING + timedelta(days=current().review_days)
    early = late - timedelta(seconds=1)
    assert totals(db, account=cast.steward, now=early) == Totals(open=2, still=0)
    assert not any(each.overdue for row in rows(db, cast.steward, early) for each in row.waits)
    assert totals(db, account=cast.steward, now=late) == Totals(open=2, still=2)
    found = [each for row in rows(db, cast.steward, late) for each in row.waits]
    assert [each.overdue for each in found] == [True, True, True]
    assert {each.days for each in found} == {current().review_days}
    assert rows(db, cast.colleague, late) == []
    assert totals(db, account=cast.applicant, now=late) == Totals(open=0, still=0)


def test_what_did_not_move_for_longest_comes_first(db):
    nation = the_nation(db)
    moved, still = reviewed(db, nation, "scientific"), reviewed(db, nation, "scientific")
    (north,) = [each for each in moved.sites if each.site.code == "north"]
    committee.answer_for_site(
        db, by=nation.custodians["north"], application=moved, site_id=north.site_id, answer=SiteAnswer.AGREED,
        now=MORNING + 3 * DAY,
    )  # fmt: skip
    found = rows(db, nation.cast.chair, MORNING + 5 * DAY)
    assert [(each.application, each.days) for each in found] == [(still, 5), (moved, 2)]


def test_the_median_is_over_the_decisions_of_a_year_and_an_appeal_waits(db):
    cast = the_cast(db)
    assert pace(db, now=MORNING) == Pace(None, 0)
    for days in (2, 4, 30):
        application = one_to_decide(db, cast)
        deciding.reject(db, by=cast.chair, application=application, reasons="No", now=MORNING + days * DAY)
    appealing.appeal(db, by=cast.applicant, application=application, grounds="But", now=MORNING + 31 * DAY)
    assert pace(db, now=MORNING + 32 * DAY) == Pace(4.0, 3)
    (row,) = rows(db, cast.steward, MORNING + 32 * DAY)
    assert [(each.whom, each.what, each.days) for each in row.waits] == [("committee-chair", "Hear the appeal", 1)]
    assert totals(db, account=cast.steward, now=MORNING + 32 * DAY) == Totals(open=1, still=0)
    assert pace(db, now=MORNING + 500 * DAY).median_days is None


def test_a_steward_sees_it_and_a_researcher_does_not(app):
    with transaction() as db:
        cast = the_cast(db)
        application = one_in_review(db, cast)
    walk = Walk(app)
    walk.sign_in(cast.steward)
    assert "What waits for whom" in walk.open("/").text
    page = walk.open("/reviews/overview").text
    assert application.reference in page
    assert "Overdue" in page  # in review since a day long past
    told = ApiClient(app, cast.steward).get("/api/v1/applications/overview").json
    assert {each["whom"] for each in told["waits"]} == {"Tom", "Ruth"}
    assert (told["open"], told["still"], told["decided"]) == (1, 1, 0)
    assert told["waits"][0]["days"] == (now() - MORNING).days
    assert ApiClient(app, cast.reviewers[0]).get("/api/v1/applications/overview").status_code == 403
