"""What comes after a decision: amendment, renewal, appeal, and how the grant follows each."""

import pytest

from gateway.db import transaction
from gateway.errors import Invalid
from gateway.governance import appealing, applying, changing, deciding, guards, reviewing
from gateway.governance.desk import desk, waiting_for
from gateway.governance.models import Application, Kind, State
from gateway.governance.timeline import steps
from gateway.jobs.models import WorkItem
from gateway.projects import closing, grant_changes, grants
from gateway.projects.models import Condition, Grant, Project
from gateway.trail.record import SYSTEM
from tests.governance.cast import (
    DAY,
    MORNING,
    a_dataset,
    all_declare,
    an_account,
    approve_review,
    database,
    made_ready,
    one_to_decide,
    the_cast,
    the_form,
    the_workflow,
    together,
)
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def cast(db):
    return the_cast(db)


def approve(db, cast, application, days=90, by=None, **more):
    return deciding.approve(
        db, by=by or cast.chair, application=application, ends=MORNING + days * DAY, now=MORNING, **more
    )


def change(db, cast, application, kind=Kind.AMENDMENT):
    return changing.propose_change(
        db, by=cast.applicant, application=application, kind=kind, form=the_form(), now=MORNING
    )


def to_decide(db, cast, draft, reviewers=None, **answers):
    """Bring a draft, or an application that was reopened, before the chair."""
    if draft.state == State.DRAFT:
        applying.save(db, by=cast.applicant, application=draft, answers=answers, now=MORNING)
        applying.submit(db, by=cast.applicant, application=draft, workflow=the_workflow(), now=MORNING)
    all_declare(db, draft)
    chosen = reviewers or cast.reviewers[:2]
    asked = {"ethics": chosen}
    reviewing.begin_review(db, by=cast.steward, application=draft, reviewers=asked, now=MORNING)
    for reviewer in chosen:
        approve_review(db, reviewer, draft)
    return draft


def rejected(db, cast):
    application = one_to_decide(db, cast)
    deciding.reject(db, by=cast.chair, application=application, reasons="Too much data", now=MORNING)
    return application


def appeal(db, cast, application, now=MORNING):
    return appealing.appeal(db, by=cast.applicant, application=application, grounds="It is not", now=now)


def test_more_time_lengthens_the_grant_that_there_is(db, cast):
    first = one_to_decide(db, cast)
    grant = approve(db, cast, first)
    again = to_decide(db, cast, change(db, cast, first, Kind.RENEWAL))
    assert approve(db, cast, again, days=200) is grant
    assert grant.ends_at == MORNING + 200 * DAY
    assert again.project_id == first.project_id
    assert [db.query(each).count() for each in (Grant, Project, WorkItem)] == [1, 1, 1]


def test_more_data_come_in_a_grant_of_their_own_beside_the_old_one(db, cast):
    skin = a_dataset(db, "skin")
    first = one_to_decide(db, cast)
    old = approve(db, cast, first)
    again = to_decide(db, cast, change(db, cast, first), datasets=["breast", "skin"])
    new = approve(db, cast, again)
    assert new.dataset_ids == [skin.id]
    assert (new.project_id, old.ends_at) == (old.project_id, MORNING + 90 * DAY)
    assert db.query(WorkItem).count() == 2


def test_somebody_new_joins_the_project_when_the_change_is_approved_and_not_before(db, cast):
    first = one_to_decide(db, cast)
    grant = approve(db, cast, first)
    nia = an_account(db, "Nia")
    again = to_decide(db, cast, change(db, cast, first), team=["ben@example.org", "nia@example.org"])
    with pytest.raises(grants.NotAMember):
        grants.admit(db, account_id=nia.id, grant_id=grant.id, now=MORNING)
    approve(db, cast, again)
    made_ready(db, grant.project)
    assert grants.admit(db, account_id=nia.id, grant_id=grant.id, now=MORNING)


def test_a_grant_that_holds_what_was_not_approved_again_is_not_lengthened(db, cast):
    skin = a_dataset(db, "skin")
    first = one_to_decide(db, cast, datasets=["breast", "skin"])
    old = approve(db, cast, first)
    again = to_decide(db, cast, change(db, cast, first, Kind.RENEWAL), datasets=["breast"])
    new = approve(db, cast, again, days=200)
    assert old.ends_at == MORNING + 90 * DAY
    assert skin.id not in new.dataset_ids


def test_a_suspended_grant_stays_suspended_through_a_renewal(db, cast):
    first = one_to_decide(db, cast)
    grant = approve(db, cast, first)
    grant_changes.suspend(db, by=SYSTEM, grant=grant, reason="A complaint", now=MORNING)
    approve(db, cast, to_decide(db, cast, change(db, cast, first, Kind.RENEWAL)), days=200)
    with pytest.raises(grants.Suspended):
        grants.admit(db, account_id=cast.applicant.id, grant_id=grant.id, now=MORNING)


def test_a_rejected_change_leaves_access_as_it_was(db, cast):
    first = one_to_decide(db, cast)
    grant = approve(db, cast, first)
    again = to_decide(db, cast, change(db, cast, first))
    deciding.reject(db, by=cast.chair, application=again, reasons="No", now=MORNING)
    made_ready(db, grant.project)
    assert grants.admit(db, account_id=cast.applicant.id, grant_id=grant.id, now=MORNING).epoch == 1


def test_one_change_at_a_time_and_a_double_click_makes_one_draft(db, cast):
    first = one_to_decide(db, cast)
    approve(db, cast, first)
    assert change(db, cast, first) is change(db, cast, first)
    with pytest.raises(changing.ChangeUnderWay):
        change(db, cast, first, Kind.RENEWAL)
    with pytest.raises(guards.NotYours):
        changing.propose_change(
            db, by=cast.colleague, application=first, kind=Kind.RENEWAL, form=the_form(), now=MORNING
        )


def test_a_closed_project_is_neither_changed_nor_renewed(db, cast):
    first = one_to_decide(db, cast)
    approve(db, cast, first)
    again = to_decide(db, cast, change(db, cast, first, Kind.RENEWAL))
    closing.close(
        db, by=cast.applicant, project=first.project, outputs=[], destruction="Wiped", destroyed_on=MORNING.date(),
        now=MORNING,
    )  # fmt: skip
    with pytest.raises(grants.ProjectClosed):
        approve(db, cast, again, days=200)
    with pytest.raises(grants.ProjectClosed):
        change(db, cast, first)
    assert steps(first, the_workflow())[-1].title == "Closed"


def test_conditions_are_set_on_the_project_once(db, cast):
    first = one_to_decide(db, cast)
    approve(db, cast, first, conditions=["Show the panel"])
    again = to_decide(db, cast, change(db, cast, first, Kind.RENEWAL))
    approve(db, cast, again, days=200, conditions=["Show the panel", "Publish"])
    assert {each.text for each in db.query(Condition)} == {"Show the panel", "Publish"}


def test_an_appeal_is_heard_by_somebody_who_had_no_say(db, cast):
    application = rejected(db, cast)
    second_chair = an_account(db, "Ivo", "committee-chair")
    all_declare(db, application)
    appeal(db, cast, application)
    assert desk(db, application, cast.chair).asks == "nothing"
    assert [each.what for each in waiting_for(db, second_chair).page.rows] == ["Hear the appeal"]
    with pytest.raises(guards.ReviewedIt):
        appealing.allow(db, by=cast.chair, application=application, reasons="Fine", now=MORNING)
    for person in (cast.applicant, cast.colleague):
        with pytest.raises(guards.OwnApplication):
            appealing.allow(db, by=person, application=application, reasons="Fine", now=MORNING)
    appealing.dismiss(db, by=second_chair, application=application, reasons="It is", now=MORNING)
    assert steps(application, the_workflow())[-1].title == "Appeal dismissed"
    with pytest.raises(appealing.NoAppeal):
        appealing.allow(db, by=second_chair, application=application, reasons="Fine", now=MORNING)


def test_an_allowed_appeal_is_judged_anew_by_other_people(db, cast):
    application = rejected(db, cast)
    second_chair = an_account(db, "Ivo", "committee-chair")
    all_declare(db, application)
    others = tuple(an_account(db, name, "ethics-reviewer") for name in ("Nan", "Noa"))
    appeal(db, cast, application)
    again = appealing.allow(db, by=second_chair, application=application, reasons="Look again", now=MORNING)
    assert (again.kind, again.state, again.answers) == (Kind.APPEAL, State.SUBMITTED, application.answers)
    with pytest.raises(guards.UnfitReviewer):
        to_decide(db, cast, again)
    to_decide(db, cast, again, reviewers=others)
    with pytest.raises(guards.ReviewedIt):
        approve(db, cast, again)
    assert approve(db, cast, again, by=second_chair)
    assert application.state == State.REJECTED


def test_an_appeal_is_made_once_in_time_with_grounds_and_by_the_applicant(db, cast):
    application = rejected(db, cast)
    with pytest.raises(appealing.NoAppeal):
        appeal(db, cast, application, now=MORNING + 28 * DAY)
    with pytest.raises(guards.NotYours):
        appealing.appeal(db, by=cast.colleague, application=application, grounds="It is", now=MORNING)
    with pytest.raises(Invalid):
        appealing.appeal(db, by=cast.applicant, application=application, grounds=" ", now=MORNING)
    appeal(db, cast, application)
    with pytest.raises(appealing.NoAppeal):
        appeal(db, cast, application)


def test_only_a_rejection_is_appealed_against(db, cast):
    application = one_to_decide(db, cast)
    deciding.send_back(db, by=cast.chair, application=application, reasons="Say more", now=MORNING)
    with pytest.raises(guards.WrongState):
        appeal(db, cast, application)


def test_the_pages_take_a_project_through_its_later_life(app):
    with transaction() as db:
        cast = the_cast(db)
        application = one_to_decide(db, cast)
        approve_now(db, cast, application, conditions=["Show the panel"])
        there, project = application.id, application.project_id
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    walk.open(f"/applications/{there}")
    assert "Renewal" in walk.press("More time").text
    walk.open(f"/projects/{project}")
    assert "A data steward looks at it" in walk.press("Report done", note="Shown").text
    assert "Accept as done" not in walk.page.text
    walk.sign_in(cast.steward)
    walk.open(f"/projects/{project}")
    assert "1 of 1 done" in walk.press("Accept as done").text
    assert "Access is suspended" in walk.press("Suspend access", reason="A complaint").text
    walk.sign_in(cast.applicant)
    assert "A complaint" in walk.open(f"/projects/{project}").text
    assert "Let access go on" not in walk.page.text
    assert "Suspended" in walk.open(f"/applications/{there}").text
    walk.sign_in(cast.steward)
    walk.open(f"/projects/{project}")
    assert "Access goes on" in walk.press("Let access go on").text
    walk.sign_in(cast.colleague)
    assert walk.open(f"/projects/{project}/close").status == 403
    walk.sign_in(cast.applicant)
    walk.open(f"/projects/{project}/close")
    assert "Enter a date" in walk.press("Close the project", destruction="Wiped").text
    day = {"destroyed_on-day": "1", "destroyed_on-month": "3", "destroyed_on-year": "2026"}
    assert "The project is closed" in walk.press("Close the project", destruction="Wiped", **day).text
    walk.sign_in(cast.steward)
    walk.open(f"/projects/{project}")
    assert "Checked" in walk.press("The end is as it should be").text


def approve_now(db, cast, application, **more):
    from gateway.clock import now

    return deciding.approve(db, by=cast.chair, application=application, ends=now() + 90 * DAY, now=now(), **more)


def test_an_appeal_goes_through_the_pages_and_the_api(app):
    from gateway.clock import now

    with transaction() as db:
        cast = the_cast(db)
        ivo = an_account(db, "Ivo", "committee-chair")
        ids = []
        for _ in "ab":
            application = one_to_decide(db, cast)
            deciding.reject(db, by=cast.chair, application=application, reasons="Too much", now=now())
            ids.append(application.id)
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    walk.open(f"/applications/{ids[0]}")
    assert "Your appeal is made" in walk.press("Appeal", grounds="It is not").text
    walk.sign_in(ivo)
    assert "Hear the appeal" in walk.open("/reviews").text
    walk.open(f"/reviews/{ids[0]}")
    assert walk.press("Decide the appeal", verdict="allow", no_conflict="yes").status == 422
    assert (
        "The appeal is decided"
        in walk.press("Decide the appeal", no_conflict="yes", verdict="allow", reasons="Look again").text
    )
    url = f"/api/v1/applications/{ids[1]}"
    assert ApiClient(app, cast.applicant).post(f"{url}/appeal", json={"grounds": "It is not"}).status_code == 200
    sent = {"no_conflict": True, "verdict": "dismiss", "reasons": "It is"}
    assert ApiClient(app, cast.chair).post(f"{url}/appeal/decision", json=sent).status_code == 403
    assert ApiClient(app, ivo).post(f"{url}/appeal/decision", json=sent).status_code == 200
    with transaction() as db:
        assert db.query(Application).filter_by(kind="appeal").one().revises_id == ids[0]
        cast = together(db, cast)
        application = one_to_decide(db, cast)
        approve_now(db, cast, application)
        url = f"/api/v1/applications/{application.id}"
    made = ApiClient(app, cast.applicant).post(f"{url}/changes", json={"kind": "renewal"})
    assert (made.status_code, made.json["kind"]) == (201, "renewal")
