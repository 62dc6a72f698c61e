"""What a decision brings about, and what the trail says of it."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from gateway.db import reading, transaction
from gateway.governance import deciding, guards
from gateway.governance.models import State
from gateway.jobs.models import WorkItem
from gateway.projects import grants
from gateway.projects.models import Grant, Membership, Project
from gateway.settings import ROOT
from gateway.trail.models import Event
from tests.governance.cast import DAY, MORNING, database, made_ready, one_to_decide, the_cast

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)


def approved(**changes):
    with transaction() as db:
        cast = the_cast(db)
        application = one_to_decide(db, cast, **changes)
        grant = deciding.approve(
            db,
            by=cast.chair,
            application=application,
            ends=MORNING + 60 * DAY,
            conditions=["Show the panel first"],
            now=MORNING,
        )
        return cast, application, grant


def test_an_approval_opens_the_door_to_the_team_and_to_nobody_else():
    cast, application, grant = approved()
    with transaction() as db:
        made_ready(db, db.merge(grant).project)
    with reading() as db:
        for account in (cast.applicant, cast.colleague):
            assert grants.admit(db, account_id=account.id, grant_id=grant.id, now=MORNING)
        for account in (cast.steward, cast.chair, *cast.reviewers):
            with pytest.raises(grants.NotAMember):
                grants.admit(db, account_id=account.id, grant_id=grant.id, now=MORNING)
        project = db.get(Project, application.project_id)
        assert (project.title, project.application_id) == ("Counting cells", application.id)
        assert db.get(Membership, (project.id, cast.applicant.id)).role == "lead"


def test_an_approval_asks_for_the_release_in_the_same_transaction():
    _, _, grant = approved()
    with reading() as db:
        (item,) = db.query(WorkItem).all()
        assert (item.kind, item.payload) == ("release.build", {"grant_id": grant.id})


def test_an_approval_that_fails_leaves_nothing_behind():
    with transaction() as db:
        cast = the_cast(db)
        application = one_to_decide(db, cast)
    with pytest.raises(guards.EndNotAllowed), transaction() as db:
        deciding.approve(
            db, by=db.merge(cast.chair), application=db.merge(application), ends=MORNING - DAY, now=MORNING
        )
    with reading() as db:
        assert [db.query(each).count() for each in (Project, Grant, WorkItem)] == [0, 0, 0]
        assert db.get(type(application), application.id).state == State.IN_REVIEW


def test_a_decision_is_recorded_with_the_hashes_of_all_that_it_relied_on():
    _, application, grant = approved()
    files = {name: ROOT / "policies" / f"{name}s" for name in ("form", "workflow")}
    with reading() as db:
        event = db.query(Event).filter(Event.action == "application.approved-with-conditions").one()
        assert event.subject == application.id
        for name, file in (("form", "research-access"), ("workflow", "standard")):
            assert event.detail[name] == sha256((files[name] / f"{file}.toml").read_bytes()).hexdigest()
        assert event.detail["deid_policy"] == grant.deid_policy == "pathology-research"
        assert event.project == application.project_id


def test_what_was_approved_is_stated_to_the_public_in_the_words_of_the_application():
    more = {
        "commercial": "yes",
        "commercial_detail": "Acme gains",
        "ethics": "yes",
        "ethics_reference": "24/1",
    }
    _, application, grant = approved(**more)
    with reading() as db:
        said = db.get(Project, grant.project_id).statement
        event = db.query(Event).filter(Event.action == "project.stated").one()
        assert application.project_id == said.project_id == event.project
    assert said.organisation == "University of Westhaven"
    assert said.organisation_kind == "University or research institute"
    assert said.aim == "Making or testing software that reads slides"
    assert said.commercial == "Yes: Acme gains"
    assert said.ethics == "Yes: 24/1"
    assert (said.setting, said.access_type) == ("In a trusted research environment", "TRE")
    assert said.protection == "Disks are encrypted"
    assert (said.linkage, said.approved_at) == ("No", MORNING)


def test_every_step_is_on_the_trail_in_order():
    approved()
    with reading() as db:
        actions = [each.action for each in db.query(Event).order_by(Event.seq)]
    assert [each for each in actions if not each.startswith(("account.", "conflict."))] == [
        "application.started",
        "application.submitted",
        "application.in-review",
        "review.asked",
        "review.asked",
        "review.given",
        "review.given",
        "project.begun",
        "project.barred",
        "project.stated",
        "application.approved-with-conditions",
        "grant.issued",
        "conditions.set",
    ]


def test_what_was_answered_is_not_on_the_trail():
    approved(need="Because of Mrs Brown")
    with reading() as db:
        assert not [each for each in db.query(Event) if "Brown" in each.body]


@pytest.mark.parametrize(
    ("asked", "starts"), [("2026-03-20", datetime(2026, 3, 20, tzinfo=UTC)), ("2020-01-01", MORNING)]
)
def test_access_starts_on_the_day_that_was_asked_for_but_never_in_the_past(asked, starts):
    _, _, grant = approved(start=asked)
    assert grant.starts_at == starts


def test_the_last_day_of_access_counts_to_its_end():
    ends = deciding.end_of(datetime(2026, 5, 31, tzinfo=UTC).date())
    assert ends == datetime(2026, 6, 1, tzinfo=UTC)
    assert ends - timedelta(seconds=1) < ends
