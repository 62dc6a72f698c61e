"""Whoever is blocked from a dataset is not given it, alone or with others; they are told kindly, the judges why."""

import pytest

from gateway.catalogue.models import Dataset
from gateway.db import transaction
from gateway.errors import Invalid
from gateway.governance import applying, blocked, deciding, guards
from gateway.governance.models import State
from gateway.projects import blocking, commands, grant_changes, grants
from gateway.projects.readiness import NOTHING
from gateway.release import building
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.governance.cast import (
    DAY,
    MORNING,
    a_dataset,
    a_draft,
    a_grant,
    a_project,
    an_account,
    database,
    one_to_decide,
    the_cast,
    the_workflow,
    together,
)
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
WHY = "They passed slides on"
ENDS = MORNING + 9 * DAY


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def cast(db):
    return the_cast(db)


def block(db, cast, email, *, slug="breast", ends=None, reason=WHY, by=None):
    dataset = db.query(Dataset).filter_by(slug=slug).one()
    who = by or cast.steward
    return blocking.block(db, by=who, dataset_id=dataset.id, email=email, reason=reason, ends=ends, now=MORNING)


def approve(db, cast, application, now=MORNING):
    return deciding.approve(db, by=cast.chair, application=application, ends=ENDS, now=now)


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org", "ben@example.org"])
def test_an_application_by_or_with_somebody_who_is_blocked_cannot_be_approved(db, cast, email):
    application = one_to_decide(db, cast)
    made = block(db, cast, email)
    with pytest.raises(blocked.BlockedFromIt, match="Breast"):
        approve(db, cast, application)
    assert application.state == State.IN_REVIEW
    blocking.lift(db, by=cast.steward, made=made, reason="A mistake", now=MORNING)
    assert approve(db, cast, application)
    assert {"block.made", "block.lifted"} <= {each.action for each in db.query(Event)}


def test_it_can_still_be_returned_or_rejected(db, cast):
    application = one_to_decide(db, cast)
    block(db, cast, "ada@example.org")
    deciding.send_back(db, by=cast.chair, application=application, reasons="Other data", now=MORNING)
    assert application.state == State.RETURNED


def test_a_block_from_another_dataset_of_another_person_or_that_has_ended_is_none(db, cast):
    a_dataset(db, "colon")
    application = one_to_decide(db, cast)
    block(db, cast, "ada@example.org", slug="colon")
    block(db, cast, "far@example.org")
    block(db, cast, "ben@example.org", ends=MORNING + DAY)
    assert approve(db, cast, application, now=MORNING + 2 * DAY)


def test_a_block_needs_a_reason_a_future_and_holds_once(db, cast):
    with pytest.raises(Invalid):
        block(db, cast, "ada@example.org", reason=" ")
    with pytest.raises(Invalid):
        block(db, cast, "ada@example.org", ends=MORNING)
    made = block(db, cast, "ada@example.org")
    with pytest.raises(blocking.AlreadyBlocked):
        block(db, cast, "Ada@Example.org")
    with pytest.raises(Invalid):
        blocking.lift(db, by=cast.steward, made=made, reason="", now=MORNING)
    blocking.lift(db, by=cast.steward, made=made, reason="A mistake", now=MORNING)
    with pytest.raises(blocking.AlreadyLifted):
        blocking.lift(db, by=cast.steward, made=made, reason="A mistake", now=MORNING)


def test_nobody_blocks_themselves_or_lifts_their_own(db, cast):
    with pytest.raises(blocking.OwnBlock):
        block(db, cast, cast.steward.email)
    made = block(db, cast, "ben@example.org")
    with pytest.raises(blocking.OwnBlock):
        blocking.lift(db, by=cast.colleague, made=made, reason="I am fine", now=MORNING)


def test_no_grant_is_issued_or_lengthened_and_nobody_who_is_blocked_joins(db, cast):
    project = a_project(db, lead=cast.applicant)
    dataset = db.query(Dataset).one().id
    grant = a_grant(db, project=project, datasets=[dataset])
    block(db, cast, "ben@example.org")
    with pytest.raises(blocking.Blocked):
        commands.add_member(db, by=SYSTEM, project=project, account=cast.colleague, now=MORNING)
    block(db, cast, "ada@example.org")
    with pytest.raises(blocking.Blocked):
        grant_changes.extend(db, by=SYSTEM, grant=grant, ends=MORNING + 60 * DAY, needs=NOTHING, now=MORNING)
    grants.revoke(db, by=SYSTEM, grant=grant, reason="So", now=MORNING)
    with pytest.raises(blocking.Blocked):
        a_grant(db, project=project, datasets=[dataset])


def test_an_account_that_is_made_later_under_the_address_is_blocked_too(db, cast):
    block(db, cast, "late@example.org")
    late = an_account(db, "Late")
    with pytest.raises(blocking.Blocked):
        a_grant(db, project=a_project(db, lead=late), datasets=[db.query(Dataset).one().id])


def test_no_release_is_built_while_somebody_may_not_have_it(tmp_path):
    with transaction() as db:
        cast = the_cast(db)
        grant = a_grant(db, project=a_project(db, lead=cast.applicant), datasets=[db.query(Dataset).one().id])
        block(db, cast, "ada@example.org")
        grant_id = grant.id
    with pytest.raises(blocking.Blocked):
        building.build(by=SYSTEM, grant_id=grant_id, now=MORNING)


def test_the_judges_read_why_the_person_reads_a_kind_sentence_and_others_read_nothing(app):
    with transaction() as db:
        cast = the_cast(db)
        application = one_to_decide(db, cast).id
        block(db, cast, "ben@example.org")
    kind = "We cannot give you access to Breast at the moment"
    for who, reads_why, reads_kind in (
        (cast.steward, True, False),
        (cast.chair, True, False),
        (cast.reviewers[0], True, False),
        (cast.applicant, False, False),
        (cast.colleague, False, False),  # is named, and has not accepted an invitation
    ):
        walk, program = Walk(app), ApiClient(app, who)
        walk.sign_in(who)
        told = program.get(f"/api/v1/applications/{application}/blocks").text
        seen = walk.open(f"/applications/{application}").text + walk.open(f"/reviews/{application}").text
        assert (WHY in seen, WHY in told) == (reads_why, reads_why), who.name
        assert (kind in seen) == (kind in told)
        assert (kind in seen) == (who == cast.colleague or reads_kind)


def test_whoever_submits_and_is_blocked_reads_it_before_and_after(app):
    with transaction() as db:
        cast = the_cast(db)
        draft = a_draft(db, cast).id
        block(db, cast, "ada@example.org")
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    assert "We cannot give you access to Breast" in walk.open(f"/applications/{draft}/check").text
    page = walk.press("Submit application")
    assert "Your application is submitted. We cannot give you access to Breast" in page.text
    assert WHY not in page.text


def test_a_steward_blocks_and_lifts_on_the_page(app):
    with transaction() as db:
        cast = the_cast(db)
    walk = Walk(app)
    walk.sign_in(cast.steward)
    walk.open("/blocks")
    page = walk.press("Block them", email="ada@example.org", dataset="breast", reason=WHY)
    assert "They are blocked." in page.text
    assert WHY in page.text
    assert "Enter an email address" in walk.press("Block them", email="ada", dataset="breast", reason=WHY).text
    walk.open("/blocks")
    page = walk.press("Lift the block", reason="A mistake")
    assert "The block is lifted." in page.text
    assert "A mistake" in page.text
    walk.sign_in(cast.reviewers[0])
    assert walk.open("/blocks").status == 403


def test_a_block_holds_nobody_back_from_applying(db, cast):
    block(db, cast, "ada@example.org")
    draft = a_draft(db, together(db, cast))
    applying.submit(db, by=cast.applicant, application=draft, workflow=the_workflow(), now=MORNING)
    assert guards.rules_of(draft)
