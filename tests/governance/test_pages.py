"""The pages, walked as each person would, without a browser."""

import re

import pytest

from gateway.db import reading, transaction
from gateway.governance.models import Application, State
from gateway.projects.models import Grant, Project
from tests.governance.cast import an_account, database, good_answers, one_in_review, the_cast, the_form, together
from tests.governance.walk import Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)


@pytest.fixture
def walk(app):
    return Walk(app)


@pytest.fixture
def cast():
    with transaction() as db:
        return the_cast(db)


def section_values(section, answers):
    values = {}
    for question in section.questions:
        answer = answers.get(question.key)
        if question.kind == "emails":
            values[question.key] = "\r\n".join(answer or [])
        elif answer is True:
            values[question.key] = "yes"
        elif answer is not None:
            values[question.key] = answer
    return values


def apply(walk, cast, **changes):
    """Walk through the whole form and submit; gives the application's id."""
    walk.sign_in(cast.applicant)
    walk.open("/applications/new?dataset=breast")
    page = walk.press("Start now")
    application_id = re.search(r"/applications/([0-9a-z]{16})/", page.path)[1]
    for section in the_form().sections:
        assert section.title in page.text
        page = walk.press("Save and continue", **section_values(section, good_answers(**changes)))
    assert "Check your answers" in page.text
    page = walk.press("Submit application")
    assert "Your application is submitted" in page.text
    return application_id


def review(walk, cast, application_id, *people):
    for person in people:
        walk.sign_in(person)
        assert "Give your recommendation" in walk.open("/reviews").text
        walk.open(f"/reviews/{application_id}")
        recommends = {"conflict": "no", "recommendation": "approve-with-conditions", "comments": "Good"}
        page = walk.press("Send your review", conditions=f"Ask {person.name}", **recommends)
        assert "Your answer is recorded" in page.text


def test_from_the_first_click_to_access(walk, cast):
    application_id = apply(walk, cast)

    walk.sign_in(cast.steward)
    assert "Choose reviewers" in walk.open("/reviews").text
    page = walk.open(f"/reviews/{application_id}")
    assert "Ada" not in [box.label for box in page.boxes("reviewers-ethics")]
    walk.press("Start the review", no_conflict="yes")  # two are chosen already

    with transaction() as db:
        asked = [each.reviewer for each in db.get(Application, application_id).reviews]
    review(walk, cast, application_id, *asked)

    walk.sign_in(cast.chair)
    assert "Decide" in walk.open("/reviews").text
    page = walk.open(f"/reviews/{application_id}")
    assert all(f"Ask {each.name}" in page.text for each in asked)
    page = walk.press("Confirm decision", outcome="approve", no_conflict="yes")
    assert "The decision is recorded" in page.text

    walk.sign_in(cast.applicant)
    page = walk.open(f"/applications/{application_id}")
    assert "Approved with conditions" in page.text
    assert all(f"Ask {each.name}" in page.text for each in asked)
    with transaction() as db:
        project = db.query(Project).one()
    page = walk.open(f"/projects/{project.id}")
    assert re.search(r"Ends in 18\d days", page.text)
    assert "Counting cells" in walk.open("/projects").text


def test_a_page_with_faults_says_which_and_keeps_what_was_typed(walk, cast):
    walk.sign_in(cast.applicant)
    walk.open("/applications/new")
    walk.press("Start now")
    page = walk.press("Save and continue", organisation="Westhaven")
    assert page.status == 422
    assert "There is a problem" in page.text
    assert 'href="#training"' in page.text
    assert 'value="Westhaven"' in page.text


def test_a_draft_is_saved_as_far_as_it_goes(walk, cast):
    walk.sign_in(cast.applicant)
    walk.open("/applications/new")
    walk.press("Start now")
    page = walk.press("Save draft", organisation="Westhaven")
    assert "Your draft is saved" in page.text
    with reading() as db:
        assert db.query(Application).one().answers == {"organisation": "Westhaven"}
    walk.press_link("Check your answers and submit")
    page = walk.press("Submit application")
    assert page.status == 422
    assert "Some answers are missing" in page.text


def test_a_second_click_on_submit_or_decide_changes_nothing_and_says_so(walk, cast):
    application_id = apply(walk, cast)
    page = walk.post(f"/applications/{application_id}/submit", version="1")
    assert "has been submitted" in page.text
    with reading() as db:
        assert db.get(Application, application_id).state == State.SUBMITTED


def test_an_applicant_with_every_role_finds_nothing_to_do_on_their_own_review(walk, cast):
    with transaction() as db:
        application_id = one_in_review(db, together(db, cast)).id
    for person in (cast.applicant, cast.colleague):
        walk.sign_in(person)
        assert "Nothing waits for you" in walk.open("/reviews").text
        page = walk.open(f"/reviews/{application_id}")
        assert "you cannot review it" in page.text
        for step in ("review", "decision", "reviewers"):
            sent = {"conflict": "no", "recommendation": "approve", "outcome": "approve", "no_conflict": "yes"}
            page = walk.post(f"/reviews/{application_id}/{step}", **sent)
            assert page.status in (403, 422)
    with reading() as db:
        assert db.query(Grant).count() == 0


def test_somebody_elses_application_is_not_there(walk, cast):
    application_id = apply(walk, cast)
    with transaction() as db:
        eve = an_account(db, "Eve")
    walk.sign_in(eve)
    for path in ("", "/check", "/edit/people"):
        assert walk.open(f"/applications/{application_id}{path}").status == 404
    assert walk.open(f"/reviews/{application_id}").status == 404


def test_a_steward_does_not_read_drafts(walk, cast):
    walk.sign_in(cast.applicant)
    walk.open("/applications/new")
    page = walk.press("Start now")
    walk.sign_in(cast.steward)
    assert walk.open(page.path).status == 404


def test_a_steward_revokes_with_a_reason_that_the_members_read(walk, cast):
    test_from_the_first_click_to_access(walk, cast)
    with transaction() as db:
        project = db.query(Project).one()
    walk.sign_in(cast.steward)
    walk.open(f"/projects/{project.id}")
    walk.press("Revoke access", reason="The laptop was lost")
    walk.sign_in(cast.applicant)
    page = walk.open(f"/projects/{project.id}")
    assert "The laptop was lost" in page.text
    assert "Revoke access" not in page.text


def test_the_dashboard_says_what_waits_for_whom(walk, cast):
    with transaction() as db:
        one_in_review(db, together(db, cast))
    for person, card in (
        (cast.reviewers[0], "Applications that wait for you"),
        (cast.applicant, "Applications on their way"),
    ):
        walk.sign_in(person)
        assert card in walk.open("/").text
    walk.sign_in(cast.reviewers[2])
    assert "Applications that wait for you" not in walk.open("/").text
