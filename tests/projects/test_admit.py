"""The one gate: who is admitted, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.db import reading, transaction
from gateway.errors import Invalid
from gateway.projects import commands, grants
from gateway.projects.models import Membership
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.governance.cast import MORNING, a_grant, a_project, an_account, database

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)


def admitted(account, grant, moment):
    with reading() as db:
        return grants.admit(db, account_id=account.id, grant_id=grant.id, now=moment)


def a_member_with_a_grant(**dates):
    with transaction() as db:
        lead = an_account(db, "Ada")
        project = a_project(db, lead=lead)
        return lead, a_grant(db, project=project, **dates)


def test_a_member_is_admitted_while_the_grant_runs():
    lead, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + 30 * DAY)
    passed = admitted(lead, grant, MORNING)
    assert (passed.grant_id, passed.account_id, passed.epoch) == (grant.id, lead.id, 1)
    assert passed.ends_at == MORNING + 30 * DAY


def test_an_expired_grant_admits_nobody():
    lead, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    assert admitted(lead, grant, MORNING + DAY - timedelta(microseconds=1))
    with pytest.raises(grants.Ended):
        admitted(lead, grant, MORNING + DAY)


def test_a_grant_admits_nobody_before_it_starts():
    lead, grant = a_member_with_a_grant(starts=MORNING + DAY, ends=MORNING + 2 * DAY)
    with pytest.raises(grants.NotYet):
        admitted(lead, grant, MORNING + DAY - timedelta(microseconds=1))
    assert admitted(lead, grant, MORNING + DAY)


def test_a_revoked_grant_admits_nobody_and_its_epoch_rises():
    lead, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    with transaction() as db:
        grants.revoke(db, by=SYSTEM, grant=db.merge(grant), reason="Laptop lost", now=MORNING)
    with pytest.raises(grants.Revoked):
        admitted(lead, grant, MORNING)
    with reading() as db:
        assert db.get(type(grant), grant.id).epoch == 2


def test_a_grant_is_revoked_once():
    _, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    with transaction() as db:
        grants.revoke(db, by=SYSTEM, grant=db.merge(grant), reason="Laptop lost", now=MORNING)
    with transaction() as db, pytest.raises(grants.AlreadyRevoked):
        grants.revoke(db, by=SYSTEM, grant=db.merge(grant), reason="Again", now=MORNING)


def test_a_grant_is_not_revoked_without_a_reason():
    lead, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    with transaction() as db, pytest.raises(Invalid):
        grants.revoke(db, by=SYSTEM, grant=db.merge(grant), reason="  ", now=MORNING)
    assert admitted(lead, grant, MORNING)


def test_a_stranger_and_an_unknown_grant_get_one_answer():
    lead, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    with transaction() as db:
        stranger = an_account(db, "Eve")
    with pytest.raises(grants.NotAMember) as to_stranger:
        admitted(stranger, grant, MORNING)
    grant_that_is_not = type(grant)(id="0" * 16)
    with pytest.raises(grants.NotAMember) as to_nobody:
        admitted(lead, grant_that_is_not, MORNING)
    assert to_stranger.value.message == to_nobody.value.message


def test_whoever_leaves_the_project_is_no_longer_admitted():
    lead, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    with transaction() as db:
        member = an_account(db, "Ben")
        commands.add_member(db, by=SYSTEM, project=db.merge(grant).project, account=member, now=MORNING)
    assert admitted(member, grant, MORNING)
    with transaction() as db:
        place = db.get(Membership, (grant.project_id, member.id))
        commands.remove_member(db, by=SYSTEM, membership=place, now=MORNING)
    with pytest.raises(grants.NotAMember):
        admitted(member, grant, MORNING)
    with transaction() as db:
        place = db.get(Membership, (grant.project_id, lead.id))
        with pytest.raises(commands.LeadStays):
            commands.remove_member(db, by=SYSTEM, membership=place, now=MORNING)


def test_a_pass_comes_from_admit_alone():
    lead, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    passed = admitted(lead, grant, MORNING)
    with pytest.raises(TypeError):
        grants.Pass(grant.id, grant.project_id, lead.id, grant.ends_at, 1, seal=None)
    with pytest.raises((TypeError, ValueError)):
        replace(passed, ends_at=MORNING + 1000 * DAY)
    with pytest.raises(AttributeError):
        passed.ends_at = MORNING + 1000 * DAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts": MORNING + DAY, "ends": MORNING + DAY},
        {"starts": MORNING - 2 * DAY, "ends": MORNING - DAY},
        {"datasets": []},
        {"deid_policy": ""},
    ],
)
def test_a_grant_that_could_admit_nobody_is_not_issued(wrong):
    with transaction() as db:
        project = a_project(db, lead=an_account(db, "Ada"))
        with pytest.raises(Invalid):
            a_grant(db, project=project, **wrong)


def test_each_change_of_a_grant_is_on_the_trail_of_its_project():
    _, grant = a_member_with_a_grant(starts=MORNING, ends=MORNING + DAY)
    with transaction() as db:
        grants.revoke(db, by=SYSTEM, grant=db.merge(grant), reason="Laptop of Ada lost", now=MORNING)
        events = db.query(Event).filter(Event.project == grant.project_id).order_by(Event.seq).all()
        assert [each.action for each in events] == ["project.begun", "grant.issued", "grant.revoked"]
        assert "Laptop" not in events[-1].body
