"""An outside reference: a steward gives it to what was submitted, the revision keeps it, and it is found by it."""

import pytest

from gateway.db import transaction
from gateway.errors import Invalid
from gateway.governance import applying, deciding, guards, queries, referring
from tests.governance.cast import MORNING, a_draft, a_submitted, database, one_to_decide, the_cast, the_form
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


def assign(db, who, application, value="IRAS 123456"):
    referring.assign_external_id(db, by=who, application=application, external_id=value, now=MORNING)


def test_a_steward_outside_the_project_assigns_it_once_it_was_submitted(db, cast):
    with pytest.raises(guards.WrongState):
        assign(db, cast.steward, a_draft(db, cast))
    application = a_submitted(db, cast)
    for who, refusal in ((cast.applicant, guards.OwnApplication), (cast.chair, guards.RoleNeeded)):
        with pytest.raises(refusal):
            assign(db, who, application)
    for bad in ("x" * 65, "a\nb"):
        with pytest.raises(Invalid):
            assign(db, cast.steward, application, bad)
    assign(db, cast.steward, application)
    with pytest.raises(referring.CalledSo):
        assign(db, cast.steward, application)
    assign(db, cast.steward, application, " ")
    assert application.external_id is None


def test_it_goes_with_the_revision(db, cast):
    application = one_to_decide(db, cast)
    assign(db, cast.steward, application)
    deciding.send_back(db, by=cast.chair, application=application, reasons="More", now=MORNING)
    draft = applying.revise(db, by=cast.applicant, application=application, form=the_form(), now=MORNING)
    assert draft.external_id == "IRAS 123456"


def test_it_is_found_by_either_reference_and_only_by_the_whole_of_it(db, cast):
    application, other = a_submitted(db, cast), a_submitted(db, cast)
    assign(db, cast.steward, application)

    def found(called):
        return {each.id for each in queries.applications_of_others(db, cast.steward.id, called=called).rows}

    assert found("") == {application.id, other.id}
    assert (
        found("IRAS 123456") == found(application.reference) == found(application.reference.lower()) == {application.id}
    )
    assert found("IRAS") == found("%") == found(application.id[:2]) == set()


def test_pages_and_api_give_it_and_find_by_it(app):
    with transaction() as db:
        cast = the_cast(db)
        ours, other = a_submitted(db, cast), a_submitted(db, cast)
        reference, there = other.reference, ours.id
    walk = Walk(app)
    walk.sign_in(cast.steward)
    walk.open(f"/reviews/{there}")
    page = walk.press("Keep the reference", external_id="IRAS 123456")
    assert "Outside reference: IRAS 123456" in page.text
    page = walk.open("/applications?called=IRAS+123456")
    assert "IRAS 123456" in page.text
    assert reference not in page.text
    assert "No application is called so." in walk.open("/applications?called=IRAS+9").text
    rows = ApiClient(app, cast.steward).get("/api/v1/applications?called=IRAS%20123456").json
    assert [(each["id"], each["external_id"]) for each in rows] == [(there, "IRAS 123456")]
