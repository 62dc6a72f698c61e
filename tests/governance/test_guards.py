"""Who may do what, and when: each guard as a law, through the commands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.db import transaction
from gateway.errors import Forbidden, Invalid
from gateway.governance import applying, deciding, guards, reviewing
from gateway.governance.models import Application, Decision, Recommendation, Review, State
from gateway.people.models import Account
from gateway.projects.models import Grant
from tests.governance.cast import (
    DAY,
    MORNING,
    a_dataset,
    a_draft,
    a_submitted,
    all_declare,
    an_account,
    approve_review,
    database,
    good_answers,
    one_in_review,
    one_to_decide,
    the_cast,
    the_form,
    the_workflow,
)

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
LATER = MORNING + 90 * DAY


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def cast(db):
    return the_cast(db)


def approve(db, by, application, ends=LATER, **more):
    return deciding.approve(db, by=by, application=application, ends=ends, now=MORNING, **more)


def begin(db, by, application, reviewers):
    reviewing.begin_review(db, by=by, application=application, reviewers={"ethics": reviewers}, now=MORNING)


def ask(db, cast, application, reviewer):
    arguments = {"by": cast.steward, "application": application, "group": "ethics", "reviewer": reviewer}
    reviewing.ask_another(db, now=MORNING, **arguments)


def recommend(db, by, application):
    approve_review(db, by, application)


# --- nobody judges their own work ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["applicant", "colleague"])
def test_nobody_on_the_team_chooses_reviewers(db, cast, who):
    application = a_submitted(db, cast)
    with pytest.raises(guards.OwnApplication):
        begin(db, getattr(cast, who), application, cast.reviewers[:2])


@pytest.mark.parametrize("who", ["applicant", "colleague"])
def test_nobody_on_the_team_is_asked_to_review(db, cast, who):
    application = a_submitted(db, cast)
    with pytest.raises(guards.UnfitReviewer):
        begin(db, cast.steward, application, [cast.reviewers[0], getattr(cast, who)])


@pytest.mark.parametrize("who", ["applicant", "colleague"])
def test_nobody_on_the_team_recommends_even_with_a_place_among_the_reviewers(db, cast, who):
    application = one_in_review(db, cast)
    person = getattr(cast, who)
    db.add(Review(application=application, group="ethics", reviewer=person, state="waiting", asked_at=MORNING))
    db.flush()
    with pytest.raises(guards.OwnApplication):
        recommend(db, person, application)


@pytest.mark.parametrize("who", ["applicant", "colleague"])
def test_nobody_on_the_team_decides(db, cast, who):
    application = one_to_decide(db, cast)
    with pytest.raises(guards.OwnApplication):
        approve(db, getattr(cast, who), application)


# --- each step belongs to a role ----------------------------------------------------------------------------


def test_only_the_role_of_the_workflow_takes_each_step(db, cast):
    application = a_submitted(db, cast)
    with pytest.raises(guards.RoleNeeded):
        begin(db, cast.chair, application, cast.reviewers[:2])
    with pytest.raises(guards.UnfitReviewer):
        begin(db, cast.steward, application, [cast.reviewers[0], cast.chair])
    begin(db, cast.steward, application, cast.reviewers[:2])
    for reviewer in cast.reviewers[:2]:
        recommend(db, reviewer, application)
    with pytest.raises(guards.RoleNeeded):
        approve(db, cast.steward, application)


def test_only_those_who_were_asked_review(db, cast):
    application = one_in_review(db, cast)
    with pytest.raises(guards.NotAsked):
        recommend(db, cast.reviewers[2], application)


def test_only_the_applicant_saves_submits_and_withdraws(db, cast):
    application = a_draft(db, cast)
    stranger = cast.colleague
    with pytest.raises(guards.NotYours):
        applying.save(db, by=stranger, application=application, answers={"title": "Mine"}, now=MORNING)
    with pytest.raises(guards.NotYours):
        applying.submit(db, by=stranger, application=application, workflow=the_workflow(), now=MORNING)
    with pytest.raises(guards.NotYours):
        applying.withdraw(db, by=stranger, application=application, now=MORNING)


# --- once is once -------------------------------------------------------------------------------------------


def test_a_reviewer_reviews_once(db, cast):
    application = one_in_review(db, cast)
    recommend(db, cast.reviewers[0], application)
    with pytest.raises(guards.AlreadyReviewed):
        recommend(db, cast.reviewers[0], application)
    with pytest.raises(guards.AlreadyReviewed):
        reviewing.step_aside(db, by=cast.reviewers[0], application=application, conflict="Late", now=MORNING)


def test_a_reviewer_is_asked_once(db, cast):
    application = one_in_review(db, cast)
    with pytest.raises(guards.UnfitReviewer):
        reviewing.ask_another(
            db, by=cast.steward, application=application, group="ethics", reviewer=cast.reviewers[0], now=MORNING
        )


def test_one_person_twice_is_not_two_reviewers(db, cast):
    application = a_submitted(db, cast)
    with pytest.raises(guards.UnfitReviewer):
        begin(db, cast.steward, application, [cast.reviewers[0], cast.reviewers[0]])


def test_a_decision_is_made_once(db, cast):
    application = one_to_decide(db, cast)
    approve(db, cast.chair, application)
    with pytest.raises(guards.WrongState):
        deciding.reject(db, by=cast.chair, application=application, reasons="No", now=MORNING)


def test_whoever_looked_before_the_last_change_does_not_decide(db, cast):
    application = one_to_decide(db, cast)
    with pytest.raises(guards.ChangedMeanwhile):
        approve(db, cast.chair, application, version=application.version - 1)
    assert approve(db, cast.chair, application, version=application.version)


def test_of_two_who_read_one_version_the_second_changes_nothing(db, cast):
    application = one_to_decide(db, cast)
    table = Application.__table__
    db.execute(table.update().values(version=application.version + 1))  # as another session would
    with pytest.raises(guards.ChangedMeanwhile):
        approve(db, cast.chair, application)


# --- no state is skipped ------------------------------------------------------------------------------------


def test_no_decision_before_the_quorum(db, cast):
    application = one_in_review(db, cast)
    recommend(db, cast.reviewers[0], application)
    with pytest.raises(guards.NoQuorum):
        approve(db, cast.chair, application)


def test_no_state_is_skipped(db, cast):
    draft, submitted = a_draft(db, cast), a_submitted(db, cast)
    for application in (draft, submitted):
        with pytest.raises(guards.WrongState):
            approve(db, cast.chair, application)
        with pytest.raises(guards.WrongState):
            recommend(db, cast.reviewers[0], application)
    with pytest.raises(guards.WrongState):
        begin(db, cast.steward, draft, cast.reviewers[:2])


def test_nothing_is_edited_after_submission(db, cast):
    application = a_submitted(db, cast)
    with pytest.raises(guards.WrongState):
        applying.save(db, by=cast.applicant, application=application, answers={"title": "New"}, now=MORNING)
    with pytest.raises(guards.WrongState):
        applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)


def test_nothing_incomplete_is_submitted(db, cast):
    application = a_draft(db, cast, lay_summary="", commercial="yes")
    with pytest.raises(applying.Incomplete) as refusal:
        applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    assert set(refusal.value.faults) == {"lay_summary", "commercial_detail"}


def test_nothing_is_withdrawn_after_the_decision(db, cast):
    application = one_to_decide(db, cast)
    approve(db, cast.chair, application)
    with pytest.raises(guards.WrongState):
        applying.withdraw(db, by=cast.applicant, application=application, now=MORNING)


# --- conflicts of interest ----------------------------------------------------------------------------------


def test_a_conflict_of_interest_removes_the_reviewer_and_another_can_be_asked(db, cast):
    application = one_in_review(db, cast)
    recommend(db, cast.reviewers[0], application)
    reviewing.step_aside(db, by=cast.reviewers[1], application=application, conflict="My sister", now=MORNING)
    with pytest.raises(guards.NoQuorum):
        approve(db, cast.chair, application)
    reviewing.ask_another(
        db, by=cast.steward, application=application, group="ethics", reviewer=cast.reviewers[2], now=MORNING
    )
    recommend(db, cast.reviewers[2], application)
    assert approve(db, cast.chair, application)


def test_whoever_reviewed_does_not_decide(db, cast):
    application = a_submitted(db, cast)
    begin(db, cast.steward, application, cast.reviewers[1:])
    for reviewer in cast.reviewers[1:]:
        recommend(db, reviewer, application)
    with pytest.raises(guards.ReviewedIt):
        approve(db, cast.reviewers[2], application)


def test_whoever_declared_a_conflict_does_not_decide(db, cast):
    application = a_submitted(db, cast)
    begin(db, cast.steward, application, cast.reviewers)
    reviewing.step_aside(db, by=cast.reviewers[2], application=application, conflict="My sister", now=MORNING)
    for reviewer in cast.reviewers[:2]:
        recommend(db, reviewer, application)
    with pytest.raises(Forbidden):
        approve(db, cast.reviewers[2], application)


# --- the end of access --------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-1, 0, 367, 4000])
def test_access_ends_in_the_future_and_within_the_policy(db, cast, days):
    application = one_to_decide(db, cast)
    with pytest.raises(guards.EndNotAllowed):
        approve(db, cast.chair, application, ends=MORNING + days * DAY)
    assert application.state == State.IN_REVIEW


def test_returning_and_rejecting_need_reasons(db, cast):
    application = one_to_decide(db, cast)
    for command in (deciding.send_back, deciding.reject):
        with pytest.raises(Invalid):
            command(db, by=cast.chair, application=application, reasons=" ", now=MORNING)


def test_datasets_of_two_policies_are_not_applied_for_together(db, cast):
    a_dataset(db, "skin", deid_policy="another")
    application = a_draft(db, cast, datasets=["breast", "skin"])
    with pytest.raises(applying.MixedPolicies):
        applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)


# --- the database refuses what the guards refuse ------------------------------------------------------------


def refused_by_the_database(db, change):
    point = db.begin_nested()
    with pytest.raises(IntegrityError):
        change()
    point.rollback()


def test_the_database_refuses_what_the_guards_refuse(db, cast):
    application = one_in_review(db, cast)
    table = Application.__table__
    refused_by_the_database(db, lambda: db.execute(table.update().values(state="published")))
    refused_by_the_database(db, lambda: db.execute(table.update().values(submitted_at=None)))
    place = {"application_id": application.id, "asked_at": MORNING, "state": "waiting", "review_group": "ethics"}
    first = cast.reviewers[0].id
    insert = Review.__table__.insert()
    refused_by_the_database(db, lambda: db.execute(insert.values(id="r" * 16, reviewer_id=first, **place)))
    recommends = Review.__table__.update().values(recommendation=Recommendation.APPROVE)
    refused_by_the_database(db, lambda: db.execute(recommends))


def test_the_database_refuses_a_second_decision(db, cast):
    application = one_to_decide(db, cast)
    approve(db, cast.chair, application)
    second = {
        "application_id": application.id,
        "decided_by_id": cast.chair.id,
        "decided_at": MORNING,
        "outcome": "rejected",
        "reasons": "",
        "conditions": [],
        "form_sha256": "",
        "workflow_sha256": "",
    }
    refused_by_the_database(db, lambda: db.execute(Decision.__table__.insert().values(**second)))


def test_a_double_click_starts_one_draft_and_one_revision(db, cast):
    form = the_form()
    two = [applying.start(db, by=cast.applicant, form=form, now=MORNING, application_id="a" * 16) for _ in range(2)]
    assert two[0] is two[1]
    with pytest.raises(guards.NotYours):
        applying.start(db, by=cast.colleague, form=form, now=MORNING, application_id="a" * 16)
    returned = one_to_decide(db, cast)
    deciding.send_back(db, by=cast.chair, application=returned, reasons="Say more", now=MORNING)
    later = MORNING + timedelta(minutes=1)
    drafts = [applying.revise(db, by=cast.applicant, application=returned, form=form, now=later) for _ in "ab"]
    assert drafts[0] is drafts[1]
    assert drafts[0].answers == good_answers(team=["BEN@example.org"])
    assert returned.state == State.RETURNED


def test_two_chairs_at_once_make_one_decision():
    with transaction() as db:
        cast = the_cast(db)
        application_id = one_to_decide(db, cast).id
        second_chair = an_account(db, "Ivo", "committee-chair")
        all_declare(db, db.get_one(Application, application_id))

    def decide(chair):
        try:
            with transaction() as db:
                approve(db, db.get(Account, chair.id), db.get(Application, application_id))
        except guards.WrongState:
            return "refused"
        return "decided"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, [cast.chair, second_chair])) == ["decided", "refused"]
    with transaction() as db:
        assert db.query(Grant).count() == 1
