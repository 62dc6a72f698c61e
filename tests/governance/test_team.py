"""Co-applicants: invited by a link that works once; they see the application, join the project, and never judge it."""

from datetime import timedelta

import pytest

from gateway.db import transaction
from gateway.errors import Invalid
from gateway.governance import deciding, guards, inviting, queries, reviewing
from gateway.governance.models import Invitation
from gateway.projects import grants
from gateway.trail.models import Event
from tests.governance.cast import (
    DAY,
    MORNING,
    a_draft,
    all_declare,
    an_account,
    applying,
    approve_review,
    database,
    made_ready,
    the_cast,
    the_workflow,
)
from tests.governance.walk import Walk, an_app

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


def invite(db, cast, application, email="nia@other.example", by=None):
    return inviting.invite(db, by=by or cast.applicant, application=application, email=email, now=MORNING)


def test_whoever_accepts_joins_the_project_under_their_own_account(db, cast):
    application = a_draft(db, cast)
    _, secret = invite(db, cast, application)
    nia = an_account(db, "Nia", "researcher", "ethics-reviewer", "committee-chair", "data-steward")
    assert nia.email != "nia@other.example"
    inviting.accept(db, by=nia, secret=secret, now=MORNING)
    applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    all_declare(db, application)
    asked = {"ethics": cast.reviewers[:2]}
    with pytest.raises(guards.OwnApplication):
        reviewing.begin_review(db, by=nia, application=application, reviewers=asked, now=MORNING)
    unfit = {"ethics": (nia, cast.reviewers[0])}
    with pytest.raises(guards.UnfitReviewer):
        reviewing.begin_review(db, by=cast.steward, application=application, reviewers=unfit, now=MORNING)
    reviewing.begin_review(db, by=cast.steward, application=application, reviewers=asked, now=MORNING)
    for reviewer in cast.reviewers[:2]:
        approve_review(db, reviewer, application)
    with pytest.raises(guards.OwnApplication):
        deciding.approve(db, by=nia, application=application, ends=MORNING + DAY, now=MORNING)
    grant = deciding.approve(db, by=cast.chair, application=application, ends=MORNING + 9 * DAY, now=MORNING)
    made_ready(db, grant.project)
    assert grants.admit(db, account_id=nia.id, grant_id=grant.id, now=MORNING)


def test_an_invitation_that_nobody_accepted_opens_nothing_but_bars_from_judging(db, cast):
    application = a_draft(db, cast)
    tom = cast.reviewers[0]
    invite(db, cast, application, tom.email.upper())
    applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    all_declare(db, application)
    with pytest.raises(guards.UnfitReviewer):
        reviewing.begin_review(
            db, by=cast.steward, application=application, reviewers={"ethics": cast.reviewers[:2]}, now=MORNING
        )
    asked = {"ethics": cast.reviewers[1:]}
    reviewing.begin_review(db, by=cast.steward, application=application, reviewers=asked, now=MORNING)
    for reviewer in cast.reviewers[1:]:
        approve_review(db, reviewer, application)
    grant = deciding.approve(db, by=cast.chair, application=application, ends=MORNING + 9 * DAY, now=MORNING)
    with pytest.raises(grants.NotAMember):
        grants.admit(db, account_id=tom.id, grant_id=grant.id, now=MORNING)


def test_a_link_works_once_in_time_and_for_one_application(db, cast):
    application = a_draft(db, cast)
    invitation, secret = invite(db, cast, application)
    nia, eve = an_account(db, "Nia"), an_account(db, "Eve")
    for wrong, moment in ((secret + "x", MORNING), (secret, MORNING + timedelta(days=14))):
        with pytest.raises(inviting.NoSuchInvitation):
            inviting.accept(db, by=nia, secret=wrong, now=moment)
    inviting.accept(db, by=nia, secret=secret, now=MORNING)
    with pytest.raises(inviting.NoSuchInvitation):
        inviting.accept(db, by=eve, secret=secret, now=MORNING)
    assert invitation.accepted_by is nia
    assert queries.application_seen_by(db, application.id, nia, reads_all=False) is application
    assert application in queries.applications_of(db, nia.id).rows


def test_whoever_judges_cannot_join(db, cast):
    application = a_draft(db, cast)
    _, secret = invite(db, cast, application)
    applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    all_declare(db, application)
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=application, reviewers=asked, now=MORNING)
    with pytest.raises(inviting.Judges):
        inviting.accept(db, by=cast.reviewers[0], secret=secret, now=MORNING)


def test_only_the_applicant_invites_and_takes_back_and_only_in_a_draft(db, cast):
    application = a_draft(db, cast)
    with pytest.raises(guards.NotYours):
        invite(db, cast, application, by=cast.colleague)
    for wrong in ("nobody", "", cast.applicant.email):
        with pytest.raises(Invalid):
            invite(db, cast, application, wrong)
    invitation, secret = invite(db, cast, application)
    with pytest.raises(inviting.InvitedAlready):
        invite(db, cast, application, " NIA@other.example")
    inviting.take_back(db, by=cast.applicant, application=application, invitation_id=invitation.id, now=MORNING)
    with pytest.raises(inviting.NoSuchInvitation):
        inviting.accept(db, by=an_account(db, "Nia"), secret=secret, now=MORNING)
    applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    with pytest.raises(guards.WrongState):
        invite(db, cast, application)


def test_nobody_has_letters_sent_without_end(db, cast):
    application = a_draft(db, cast)

    def again(day: int) -> None:
        at = MORNING + timedelta(days=day)
        made, _ = inviting.invite(db, by=cast.applicant, application=application, email="nia@other.example", now=at)
        inviting.take_back(db, by=cast.applicant, application=application, invitation_id=made.id, now=at)

    for _ in range(inviting.MOST_A_DAY):
        again(0)
    with pytest.raises(Invalid, match="tomorrow"):
        again(0)
    again(1)


def test_neither_the_address_nor_the_secret_is_written_down(db, cast):
    _, secret = invite(db, cast, a_draft(db, cast))
    events = db.query(Event).filter(Event.action == "invitation.made").all()
    assert len(events) == 1
    assert "nia@" not in events[0].body
    stored = db.query(Invitation).one()
    assert secret not in (stored.secret_sha256, stored.id)


def test_the_link_on_the_page_brings_a_co_applicant_in(app):
    with transaction() as db:
        cast = the_cast(db)
        draft = a_draft(db, cast).id
        nia = an_account(db, "Nia")
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    walk.open(f"/applications/{draft}")
    page = walk.press("Invite", email="nia@other.example")
    link = next(word for word in page.text.replace("<", " ").split() if "/invitations/" in word)
    assert link not in walk.open(f"/applications/{draft}").text  # it is shown once
    walk.sign_in(nia)
    assert walk.open(f"/applications/{draft}").status == 404
    page = walk.open("/invitations/" + link.rsplit("/", 1)[1])
    assert "Counting cells" in page.text
    assert "You are part of this application now" in walk.press("Accept the invitation").text
    assert walk.open(page.path).status == 404
    assert walk.open(f"/applications/{draft}/edit/people").status == 404  # the applicant writes
    walk.sign_in(cast.applicant)
    assert "Joined on" in walk.open(f"/applications/{draft}").text
