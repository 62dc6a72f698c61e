"""A grant while it lives: suspended and resumed, lengthened; the conditions of a project, and its end."""

from datetime import timedelta

import pytest

from gateway.db import reading, transaction
from gateway.errors import Invalid
from gateway.projects import closing, conditions, grant_changes, grants
from gateway.projects.models import Condition, Grant, Project
from gateway.projects.readiness import NOTHING
from gateway.projects.standing import standing
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.governance.cast import DAY, MORNING, a_grant, a_project, an_account, database

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def lead(db):
    return an_account(db, "Ada", "researcher", "data-steward")


@pytest.fixture
def steward(db):
    return an_account(db, "Priya", "data-steward")


@pytest.fixture
def grant(db, lead):
    return a_grant(db, project=a_project(db, lead=lead))


def admitted(db, lead, grant, moment=MORNING):
    return grants.admit(db, account_id=lead.id, grant_id=grant.id, now=moment)


def suspend(db, grant):
    grant_changes.suspend(db, by=SYSTEM, grant=grant, reason="A complaint", now=MORNING)


def close(db, lead, project, **changes):
    told = {"outputs": ["doi:10.1/x", " "], "destruction": "Disks wiped", "destroyed_on": MORNING.date()} | changes
    return closing.close(db, by=lead, project=project, now=MORNING, **told)


def test_a_suspended_grant_admits_nobody_until_it_is_resumed(db, lead, steward, grant):
    before = admitted(db, lead, grant)
    suspend(db, grant)
    with pytest.raises(grants.Suspended):
        admitted(db, lead, grant)
    assert standing(grant, MORNING).state == "suspended"
    grant_changes.resume(db, by=steward, grant=grant, now=MORNING)
    assert admitted(db, lead, grant).epoch == before.epoch + 2  # whatever was cached before is dead


def test_nobody_resumes_their_own_grant(db, lead, grant):
    suspend(db, grant)
    with pytest.raises(grant_changes.OwnProject):
        grant_changes.resume(db, by=lead, grant=grant, now=MORNING)


def test_a_suspension_needs_a_reason_and_a_grant_that_lives(db, grant):
    with pytest.raises(Invalid):
        grant_changes.suspend(db, by=SYSTEM, grant=grant, reason=" ", now=MORNING)
    with pytest.raises(grant_changes.NotLive):
        grant_changes.suspend(db, by=SYSTEM, grant=grant, reason="Late", now=grant.ends_at)
    suspend(db, grant)
    with pytest.raises(grant_changes.NotLive):
        suspend(db, grant)


def test_what_is_revoked_is_neither_suspended_resumed_nor_lengthened(db, steward, grant):
    suspend(db, grant)
    grants.revoke(db, by=SYSTEM, grant=grant, reason="Lost", now=MORNING)
    for step in (
        lambda: suspend(db, grant),
        lambda: grant_changes.resume(db, by=steward, grant=grant, now=MORNING),
        lambda: grant_changes.extend(db, by=SYSTEM, grant=grant, ends=MORNING + 90 * DAY, needs=NOTHING, now=MORNING),
    ):
        with pytest.raises(grant_changes.NotLive):
            step()


def test_a_lengthened_grant_admits_until_its_new_end_and_stays_suspended_if_it_was(db, lead, grant):
    late = grant.ends_at + DAY
    with pytest.raises(grants.Ended):
        admitted(db, lead, grant, late)
    grant_changes.extend(db, by=SYSTEM, grant=grant, ends=late + timedelta(seconds=1), needs=NOTHING, now=MORNING)
    assert admitted(db, lead, grant, late)
    suspend(db, grant)
    grant_changes.extend(db, by=SYSTEM, grant=grant, ends=late + DAY, needs=NOTHING, now=MORNING)
    with pytest.raises(grants.Suspended):
        admitted(db, lead, grant, late)
    with pytest.raises(Invalid):
        grant_changes.extend(db, by=SYSTEM, grant=grant, ends=late, needs=NOTHING, now=MORNING)


def test_a_condition_is_done_when_the_project_says_so_and_somebody_else_agrees(db, lead, steward, grant):
    project = grant.project
    for _ in "ab":  # asked twice, set once
        conditions.set_conditions(db, by=SYSTEM, project=project, texts=["Show the panel"], now=MORNING)
    (condition,) = db.query(Condition).all()
    with pytest.raises(conditions.NotThere):
        conditions.accept(db, by=steward, condition=condition, now=MORNING)
    with pytest.raises(conditions.NotOnProject):
        conditions.report_done(db, by=steward, condition=condition, note="Done", now=MORNING)
    conditions.report_done(db, by=lead, condition=condition, note="Shown on Monday", now=MORNING)
    with pytest.raises(grant_changes.OwnProject):
        conditions.accept(db, by=lead, condition=condition, now=MORNING)
    conditions.send_back(db, by=steward, condition=condition, remark="To whom?", now=MORNING)
    assert condition.state == "open"
    conditions.report_done(db, by=lead, condition=condition, note="To all six", now=MORNING)
    conditions.accept(db, by=steward, condition=condition, now=MORNING)
    assert (condition.state, condition.done_at) == ("done", MORNING)


def test_a_closed_project_reads_nothing_and_gets_nothing(db, lead, steward, grant):
    project = grant.project
    closure = close(db, lead, project)
    assert closure.outputs == ["doi:10.1/x"]
    with pytest.raises(grants.Revoked):
        admitted(db, lead, grant)
    with pytest.raises(grants.ProjectClosed):
        a_grant(db, project=project)
    with pytest.raises(grants.ProjectClosed):
        grant_changes.resume(db, by=steward, grant=grant, now=MORNING)
    with pytest.raises(grants.ProjectClosed):
        close(db, lead, project)
    actions = [each.action for each in db.query(Event).order_by(Event.seq)]
    assert actions[-2:] == ["grant.revoked", "project.closed"]


def test_only_the_lead_closes_and_only_with_a_statement_of_what_is_past(db, lead, steward, grant):
    with pytest.raises(closing.NotTheLead):
        close(db, steward, grant.project)
    with pytest.raises(Invalid):
        close(db, lead, grant.project, destruction=" ")
    with pytest.raises(Invalid):
        close(db, lead, grant.project, destroyed_on=(MORNING + DAY).date())
    assert admitted(db, lead, grant)


def test_the_end_is_checked_once_by_somebody_else(db, lead, steward, grant):
    project = grant.project
    with pytest.raises(closing.NothingToCheck):
        closing.check(db, by=steward, project=project, now=MORNING)
    close(db, lead, project)
    with pytest.raises(grant_changes.OwnProject):
        closing.check(db, by=lead, project=project, now=MORNING)
    closing.check(db, by=steward, project=project, now=MORNING)
    with pytest.raises(closing.NothingToCheck):
        closing.check(db, by=steward, project=project, now=MORNING)


def test_of_two_who_suspend_at_once_the_second_is_told():
    with transaction() as db:
        grant = a_grant(db, project=a_project(db, lead=an_account(db, "Ada")))
    with transaction() as first:
        suspend(first, first.get(Grant, grant.id))
    with pytest.raises(grant_changes.NotLive), transaction() as second:
        suspend(second, second.merge(grant, load=False))
    with reading() as db:
        assert db.query(Event).filter(Event.action == "grant.suspended").count() == 1
        assert db.query(Project).count() == 1
