"""Another lead: a co-applicant who accepts; the former one stays, and whoever has a say declares anew."""

from datetime import timedelta

import pytest

from gateway.db import transaction
from gateway.errors import Invalid
from gateway.governance import applying, changing, committee, deciding, guards, handing_over, inviting, reviewing
from gateway.governance.history import history
from gateway.governance.models import Kind, State
from gateway.notices.models import Notice
from gateway.projects.models import LEAD, MEMBER
from gateway.trail.models import Event
from tests.governance.cast import (
    DAY,
    MORNING,
    a_draft,
    all_declare,
    an_account,
    approve_review,
    database,
    the_cast,
    the_form,
    the_workflow,
)
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
LATER = MORNING + timedelta(hours=1)


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def cast(db):
    return the_cast(db)


def with_ben(db, cast):
    """A draft with Ben, who accepted."""
    made = a_draft(db, cast)
    _, secret = inviting.invite(db, by=cast.applicant, application=made, email="ben@home.org", now=MORNING)
    inviting.accept(db, by=cast.colleague, secret=secret, now=MORNING)
    return made


def in_review(db, cast):
    made = with_ben(db, cast)
    applying.submit(db, by=cast.applicant, application=made, workflow=the_workflow(), now=MORNING)
    all_declare(db, made)
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=made, reviewers=asked, now=MORNING)
    return made


def ask(db, cast, made, by=None, to=None, now=MORNING):
    who = {"by": by or cast.applicant, "to_id": (to or cast.colleague).id}
    handing_over.hand_over(db, application=made, reason="I am leaving", now=now, **who)


def handed_over(db, cast, made, by=None):
    ask(db, cast, made, by=by)
    handing_over.accept(db, by=cast.colleague, application=made, now=LATER)
    return made


def test_whoever_accepts_leads_and_the_former_lead_stays(db, cast):
    made = with_ben(db, cast)
    ask(db, cast, made)
    assert made.applicant == cast.applicant, "nothing changes before they accept"
    handing_over.accept(db, by=cast.colleague, application=made, now=LATER)
    assert made.applicant == cast.colleague
    assert made.co_applicants == [cast.applicant]
    with pytest.raises(guards.NotYours):
        applying.submit(db, by=cast.applicant, application=made, workflow=the_workflow(), now=LATER)
    applying.submit(db, by=cast.colleague, application=made, workflow=the_workflow(), now=LATER)
    with pytest.raises(guards.OwnApplication):
        committee.declare_none(db, by=cast.applicant, application=made, now=LATER)
    assert {"application.hand-over.asked", "application.handed-over"} <= {each.action for each in db.query(Event)}


def test_nobody_leads_who_was_not_asked_or_does_not_apply(db, cast):
    made = in_review(db, cast)
    with pytest.raises(handing_over.NotAnApplicant):
        ask(db, cast, made, to=cast.chair)
    with pytest.raises(handing_over.NotAnApplicant):
        ask(db, cast, made, to=cast.applicant)
    with pytest.raises(handing_over.NoHandOver):
        handing_over.accept(db, by=cast.colleague, application=made, now=LATER)
    ask(db, cast, made)
    for other in (cast.applicant, cast.steward, cast.chair):
        with pytest.raises(handing_over.NoHandOver):
            handing_over.accept(db, by=other, application=made, now=LATER)
    with pytest.raises(handing_over.HandOverWaits):
        ask(db, cast, made)


def test_a_steward_asks_for_what_was_submitted_and_nobody_else_does(db, cast):
    draft = with_ben(db, cast)
    with pytest.raises(guards.NotYours):
        ask(db, cast, draft, by=cast.steward)
    made = in_review(db, cast)
    with pytest.raises(guards.OwnApplication):
        ask(db, cast, made, by=cast.colleague)
    with pytest.raises(guards.RoleNeeded):
        ask(db, cast, made, by=cast.reviewers[0])
    assert handed_over(db, cast, made, by=cast.steward).applicant == cast.colleague


def test_it_needs_a_reason_and_can_be_declined_or_taken_back(db, cast):
    made = with_ben(db, cast)
    with pytest.raises(Invalid):
        handing_over.hand_over(
            db, by=cast.applicant, application=made, to_id=cast.colleague.id, reason=" ", now=MORNING
        )
    ask(db, cast, made)
    handing_over.decline(db, by=cast.colleague, application=made, now=LATER)
    ask(db, cast, made, now=LATER)
    handing_over.take_back(db, by=cast.applicant, application=made, now=LATER)
    with pytest.raises(handing_over.NoHandOver):
        handing_over.accept(db, by=cast.colleague, application=made, now=LATER)
    assert made.applicant == cast.applicant


def test_it_is_on_the_history_and_those_with_a_say_are_told(db, cast):
    made = handed_over(db, cast, in_review(db, cast))
    for each in (cast.applicant, cast.colleague, cast.steward, cast.reviewers[0]):
        assert [(one.title, one.text) for one in history(db, made, each)] == [
            ("Handed over by Ada to Ben", "I am leaving")
        ]
    told = {each.account_id for each in db.query(Notice) if "another lead" in each.text}
    assert {cast.steward.id, cast.chair.id, cast.reviewers[0].id, cast.reviewers[1].id} <= told
    assert not told & {cast.applicant.id, cast.colleague.id}


def test_whoever_declared_under_the_former_lead_declares_anew_before_a_say(db, cast):
    made = in_review(db, cast)
    approve_review(db, cast.reviewers[0], made)
    handed_over(db, cast, made)
    with pytest.raises(guards.NotDeclared):
        approve_review(db, cast.reviewers[1], made)
    committee.declare_none(db, by=cast.reviewers[1], application=made, now=LATER)
    approve_review(db, cast.reviewers[1], made)
    with pytest.raises(guards.NotDeclared):
        deciding.reject(db, by=cast.chair, application=made, reasons="No", now=LATER)
    committee.declare_conflict(db, by=cast.reviewers[0], application=made, why="Ben is my brother", now=LATER)
    assert len(made.reviews_given) == 1, "what they said no longer counts"


@pytest.mark.parametrize("new", [False, True])
def test_a_change_that_was_handed_over_changes_the_lead_of_the_project(db, cast, new):
    made = in_review(db, cast)
    for each in cast.reviewers[:2]:
        approve_review(db, each, made)
    project = deciding.approve(db, by=cast.chair, application=made, ends=MORNING + 9 * DAY, now=MORNING).project
    change = changing.propose_change(
        db, by=cast.applicant, application=made, kind=Kind.AMENDMENT, form=the_form(), now=MORNING
    )
    lead = cast.colleague
    if new:  # somebody who was not on the project
        lead = an_account(db, "Eve")
        _, secret = inviting.invite(db, by=cast.applicant, application=change, email="eve@home.org", now=MORNING)
        inviting.accept(db, by=lead, secret=secret, now=MORNING)
    ask(db, cast, change, to=lead)
    handing_over.accept(db, by=lead, application=change, now=LATER)
    applying.submit(db, by=lead, application=change, workflow=the_workflow(), now=LATER)
    all_declare(db, change)
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=change, reviewers=asked, now=LATER)
    for each in cast.reviewers[:2]:
        approve_review(db, each, change)
    deciding.approve(db, by=cast.chair, application=change, ends=MORNING + 9 * DAY, now=LATER)
    led = {each.account_id: each.role for each in project.memberships}
    assert led == {cast.applicant.id: MEMBER, cast.colleague.id: MEMBER, lead.id: LEAD}


def test_nothing_is_handed_over_after_the_decision(db, cast):
    made = in_review(db, cast)
    for each in cast.reviewers[:2]:
        approve_review(db, each, made)
    ask(db, cast, made)
    deciding.reject(db, by=cast.chair, application=made, reasons="No", now=LATER)
    with pytest.raises(guards.WrongState):
        handing_over.accept(db, by=cast.colleague, application=made, now=LATER)
    assert made.state == State.REJECTED


def test_the_lead_asks_and_the_other_accepts_on_the_page(app):
    with transaction() as db:
        cast = the_cast(db)
        made = in_review(db, cast).id
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    walk.open(f"/applications/{made}")
    page = walk.press("Ask them", to=cast.colleague.id, reason="I am leaving")
    assert "Ben has been asked to lead this application" in page.text
    walk.sign_in(cast.colleague)
    assert "will you lead it" in walk.open("/notices").text
    walk.open(f"/applications/{made}")
    page = walk.press("I will lead it")
    assert "You lead this application now." in page.text
    assert "Handed over by Ada to Ben" in page.text
    assert "Hand this application over to a co-applicant" in page.text
    program = ApiClient(app, cast.applicant)
    assert [each["what"] for each in program.get(f"/api/v1/applications/{made}/history").json] == ["handed-over"]


def test_whoever_was_taken_off_the_draft_meanwhile_leads_nothing(db, cast):
    made = with_ben(db, cast)
    ask(db, cast, made)
    place = made.invitations[0].id
    inviting.take_back(db, by=cast.applicant, application=made, invitation_id=place, now=MORNING)
    for _ in range(2):  # as a draft, and once it is handed in
        with pytest.raises(handing_over.NoHandOver):
            handing_over.accept(db, by=cast.colleague, application=made, now=LATER)
        if made.state == State.DRAFT:
            applying.submit(db, by=cast.applicant, application=made, workflow=the_workflow(), now=MORNING)
    assert made.applicant_id == cast.applicant.id
